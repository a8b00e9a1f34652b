import { accessTokenOf } from '@portcullis/client/ssr';
import { headers } from 'next/headers';

/** What the user service answers to the session of the request that is being rendered. */
export async function profile(): Promise<Response> {
  const token = accessTokenOf(await headers());
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return await fetch(`${process.env['USER_URL']}/v1/me`, {
    headers: authorization,
    cache: 'no-store',
  });
}
