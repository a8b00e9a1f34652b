/** What is no answer of a login that this release knows is none: it makes no session. */
import { expect, test } from 'vitest';
import { createPortcullisClient, memoryStorage } from '../src/index.ts';

const CHALLENGE = { token: 'plc_x', methods: ['otp'], expires_in: 300 };
const CREDENTIALS = { email: 'a@example.test', password: 'right' };

function clientOf(data: unknown, transport: 'body' | 'cookie') {
  const url = 'http://auth.example.test';
  const answering: typeof fetch = async () => Response.json({ result: { data } });
  const where = { auth: url, user: url, admin: url, fetch: answering };
  return transport === 'cookie'
    ? createPortcullisClient({ ...where, transport })
    : createPortcullisClient({ ...where, storage: memoryStorage() });
}

test.each(['body', 'cookie'] as const)(
  'a challenge is read whole or not at all: %s',
  async (how) => {
    const read = await clientOf({ challenge: CHALLENGE, more: 1 }, how).logIn(CREDENTIALS);
    expect(read).toEqual({ status: 'challenged', challenge: CHALLENGE });
    for (const challenge of [
      null,
      'plc_x',
      {},
      { ...CHALLENGE, token: 1 },
      { ...CHALLENGE, methods: 'otp' },
      { ...CHALLENGE, methods: [1] },
      { ...CHALLENGE, expires_in: 0 },
      { ...CHALLENGE, expires_in: '300' },
    ]) {
      const client = clientOf({ challenge }, how);
      await expect(client.logIn(CREDENTIALS)).rejects.toMatchObject({ code: 'protocol' });
      expect(await client.session.id()).toBeUndefined();
    }
  },
);
