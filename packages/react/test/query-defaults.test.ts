/** The defaults, in TanStack Query itself. */
import { createPortcullisClient, memoryStorage, PortcullisError } from '@portcullis/client';
import { QueryClient } from '@tanstack/react-query';
import { expect, test, vi } from 'vitest';
import { clearOnSignOut, queryDefaults } from '../src/index.ts';

async function timesAsked(error: Error): Promise<number> {
  vi.useFakeTimers();
  try {
    const queries = new QueryClient({ defaultOptions: queryDefaults() });
    let asked = 0;
    const queryFn = (): Promise<never> => {
      asked += 1;
      return Promise.reject(error);
    };
    const done = queries.fetchQuery({ queryKey: ['one'], queryFn, ...queryDefaults().queries });
    const failed = expect(done).rejects.toBe(error);
    await vi.runAllTimersAsync();
    await failed;
    return asked;
  } finally {
    vi.useRealTimers();
  }
}

test.each([
  [new PortcullisError('invalid_token', { status: 401 }), 1],
  [new PortcullisError('insufficient_scope', { status: 403 }), 1],
  [new PortcullisError('not_found', { status: 404 }), 1],
  [new PortcullisError('aborted'), 1],
  [new PortcullisError('network'), 4],
  [new PortcullisError('verifier_stale', { status: 503 }), 4],
  [new PortcullisError('rate_limited', { status: 429, retryAfterSeconds: 2 }), 4],
  [new Error('of another library'), 4],
])('%s is asked %i times', async (error, times) => {
  expect(await timesAsked(error)).toBe(times);
});

test('a query waits for as long as the service says, within half a minute', () => {
  const { retryDelay } = queryDefaults().queries;
  expect(retryDelay(0, new PortcullisError('rate_limited', { retryAfterSeconds: 7 }))).toBe(7_000);
  expect(retryDelay(0, new PortcullisError('network'))).toBe(500);
  expect(retryDelay(2, new PortcullisError('network'))).toBe(2_000);
  expect(retryDelay(0, new PortcullisError('rate_limited', { retryAfterSeconds: 900 }))).toBe(
    30_000,
  );
});

test('what was asked for in the name of a user is forgotten when that user has signed out', async () => {
  const storage = memoryStorage();
  const answers: Record<string, object> = {
    login: {
      access_token: 'access',
      token_type: 'Bearer',
      expires_in: 600,
      refresh_token: 'refresh',
      session_id: 'ses_1',
    },
  };
  const client = createPortcullisClient({
    auth: 'https://auth.example',
    storage,
    fetch: async (input) => {
      const url = input instanceof Request ? input.url : String(input);
      const name = url.split('/').at(-1) ?? '';
      return Response.json({ result: { data: answers[name] ?? {} } });
    },
  });
  const queries = new QueryClient();
  const stop = clearOnSignOut(queries, client);
  await client.logIn({ email: 'a@example.test', password: 'right' });
  await Promise.resolve();
  queries.setQueryData(['mine'], 'a secret');
  await client.logOut();
  await expect.poll(() => queries.getQueryData(['mine'])).toBeUndefined();
  stop();
  queries.setQueryData(['mine'], 'of nobody');
  await client.logIn({ email: 'a@example.test', password: 'right' });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(queries.getQueryData(['mine'])).toBe('of nobody');
});
