/** Whose profile is given, when nobody has listened while the user changed. */
import { createPortcullisClient, type TokenStorage } from '@portcullis/client';
import { expect, test } from 'vitest';
import { UserProfiles } from '../src/user-profiles.ts';

const tokensOf = (name: string): object => ({
  access_token: name,
  token_type: 'Bearer',
  expires_in: 600,
  refresh_token: `refresh of ${name}`,
  session_id: `ses_${name}`,
});

test('a component that comes later gets no profile of the user before', async () => {
  let held: object | undefined;
  const storage: TokenStorage = {
    get: () => held,
    set: (tokens) => {
      held = tokens;
    },
    clear: () => {
      held = undefined;
    },
  };
  const client = createPortcullisClient({
    auth: 'https://auth.example',
    user: 'https://user.example',
    storage,
    fetch: async (_, init) => {
      const authorization = new Headers(init?.headers).get('authorization') ?? '';
      return Response.json({ result: { data: { email: authorization.slice('Bearer '.length) } } });
    },
  });
  const profiles = new UserProfiles(client);
  held = tokensOf('ada');
  await client.session.ready();
  const stop = profiles.subscribe(() => {});
  await expect.poll(() => profiles.read().user?.email).toBe('ada');
  stop();

  held = undefined;
  await client.session.ready();
  expect(profiles.read()).toEqual({ status: 'signed_out', user: undefined, error: undefined });

  held = tokensOf('grace');
  await client.session.ready();
  expect(profiles.read()).toEqual({ status: 'loading', user: undefined, error: undefined });
  const stopAgain = profiles.subscribe(() => {});
  await expect.poll(() => profiles.read().user?.email).toBe('grace');
  stopAgain();
});
