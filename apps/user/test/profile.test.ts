/** A profile comes by event, stays its owner's, and goes for good. */
import { newId, Refusal, type UserId } from '@portcullis/contracts';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSurroundings, deleted, registered, startUserService } from './user-service.ts';

let around: Awaited<ReturnType<typeof createSurroundings>>;
let service: Awaited<ReturnType<typeof startUserService>>;
beforeAll(async () => {
  around = await createSurroundings();
  // The service is there before the stream is: auth makes it when it starts.
  service = await startUserService(around.config);
  around.bed.use(service);
  await around.makeStream();
});
afterAll(() => around.bed.dispose());

async function as(id: UserId) {
  const token = await around.issuer.mint({ sub: id });
  return async (method = 'GET', body?: unknown) => {
    const response = await fetch(`${service.url}/v1/me`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    return { status: response.status, answer, headers: response.headers };
  };
}

describe('GET and PATCH /v1/me', () => {
  it('serves the profile that the event has brought', async () => {
    const id = newId('usr');
    await around.publish(registered(id, { email: 'ada@example.test' }));
    const me = await as(id);
    expect(await me()).toMatchObject({
      status: 200,
      answer: { id, email: 'ada@example.test', name: 'Ada' },
    });
    expect(await me('PATCH', { name: ' Grace ' })).toMatchObject({
      status: 200,
      answer: { name: 'Grace' },
    });
    expect(await me('PATCH', { name: null })).toMatchObject({
      status: 200,
      answer: { name: null },
    });
    for (const body of [
      { name: '' },
      { name: 1 },
      {},
      { name: 'x', email: 'y' },
      { name: 'a\0' },
    ]) {
      expect(await me('PATCH', body)).toMatchObject({
        status: 400,
        answer: { code: 'invalid_request' },
      });
    }
  });

  it('changes the name at auth, under the id of the request, and passes on what auth says', async () => {
    const id = newId('usr');
    await around.publish(registered(id));
    const me = await as(id);
    await expect.poll(() => me()).toMatchObject({ status: 200 });
    expect(await me('PATCH', { name: 'Grace' })).toMatchObject({ status: 200 });
    expect(around.auth.renamed.at(-1)).toMatchObject({ user_id: id, name: 'Grace' });
    try {
      for (const [code, status, answered] of [
        ['unavailable', 503, 'unavailable'],
        ['insufficient_scope', 503, 'unavailable'],
        ['rate_limited', 429, 'rate_limited'],
        ['actor_refused', 401, 'invalid_token'],
      ] as const) {
        around.auth.faults.refuse = new Refusal(code, { retryAfter: 9 });
        const refused = await me('PATCH', { name: 'Ada' });
        expect(refused).toMatchObject({ status, answer: { code: answered } });
      }
    } finally {
      delete around.auth.faults.refuse;
    }
    expect(await me()).toMatchObject({ answer: { name: 'Grace' } });
  });

  it('waits for an event that is on its way', async () => {
    const id = newId('usr');
    const me = await as(id);
    const answer = me();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await around.publish(registered(id));
    expect(await answer).toMatchObject({ status: 200, answer: { id } });
  });

  it('does not know is 503, never 404 and never 200', async () => {
    const me = await as(newId('usr'));
    const started = performance.now();
    const answer = await me();
    expect(answer).toMatchObject({ status: 503, answer: { code: 'unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it('keeps what the owner changed when the event comes again', async () => {
    const id = newId('usr');
    const event = registered(id);
    await around.publish(event);
    const me = await as(id);
    await expect.poll(() => me('PATCH', { name: 'Mine' })).toMatchObject({ status: 200 });
    await around.publish(event);
    await around.publish(registered(newId('usr')));
    await sync();
    expect(await me()).toMatchObject({ status: 200, answer: { name: 'Mine' } });
  });

  it('is over after the deletion, in either order, and nothing personal is left', async () => {
    const [late, usual] = [newId('usr'), newId('usr')];
    await around.publish(deleted(late));
    await around.publish(registered(late));
    await around.publish(registered(usual));
    await around.publish(deleted(usual));
    await around.publish(registered(usual));
    await sync();
    const sql = postgres(around.config.databaseUrl, { max: 1 });
    for (const id of [late, usual]) {
      const me = await as(id);
      expect(await me()).toMatchObject({ status: 404, answer: { code: 'not_found' } });
      expect(await me('PATCH', { name: 'x' })).toMatchObject({ status: 404 });
      const [row] = await sql`select * from profiles where user_id = ${id}`;
      expect(row).toMatchObject({ email: null, name: null });
    }
    await sql.end();
  });

  it('is not held up by an event that cannot be read', async () => {
    for (const text of ['not json', '{}', '[]', '{"version":2,"type":"registered"}']) {
      await around.publishText(text);
    }
    await sync();
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toMatch(/portcullis_events_total\{outcome="malformed".*\} 3/);
    expect(metrics).toMatch(/portcullis_events_total\{outcome="unknown".*\} 1/);
  });

  it('refuses a token whose session was revoked', async () => {
    const id = newId('usr');
    const sid = newId('ses');
    await around.publish(registered(id));
    const token = await around.issuer.mint({ sub: id, sid });
    const me = () =>
      fetch(`${service.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } });
    expect((await me()).status).toBe(200);
    around.issuer.revocations.revoke({ kind: 'session', key: sid });
    // No push in this test: the next grant carries it.
    await expect.poll(async () => (await me()).status, { timeout: 10_000 }).toBe(401);
    expect((await me()).headers.get('www-authenticate')).toContain('error="invalid_token"');
  });
});

/** Returns when everything that was published before has been taken. */
async function sync(): Promise<void> {
  const id = newId('usr');
  await around.publish(registered(id));
  const me = await as(id);
  expect((await me()).status).toBe(200);
}
