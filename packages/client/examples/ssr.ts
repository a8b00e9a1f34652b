import { accessTokenOf, createSessionRefresh } from '@portcullis/client/ssr';

const refresh = createSessionRefresh({
  auth: 'http://auth.internal:4000',
  addressOf: (request) => request.headers.get('x-real-ip'),
});
export async function handle(request: Request): Promise<Response> {
  const session = await refresh(request);
  const token = accessTokenOf(session.headers);
  const page = token === undefined ? 'Log in.' : 'Signed in.';
  return session.applyTo(new Response(page));
}
