import { createSessionRefresh } from '@portcullis/client/ssr';
import { NextResponse, type NextRequest } from 'next/server';

const refresh = createSessionRefresh({
  auth: process.env['AUTH_URL'] ?? 'http://auth.internal:4000',
  addressOf: (request) => request.headers.get('x-real-ip'),
});

export async function proxy(request: NextRequest): Promise<NextResponse> {
  const session = await refresh(request);
  return session.applyTo(NextResponse.next({ request: { headers: session.headers } }));
}

// Not for files, which need no session.
export const config = { matcher: '/((?!_next/|favicon.ico).*)' };
