import { profile } from '../profile';

/** What a page calls: it is answered in the name of whose cookies the request has. */
export async function GET(): Promise<Response> {
  const answer = await profile();
  return new Response(await answer.text(), { status: answer.status });
}
