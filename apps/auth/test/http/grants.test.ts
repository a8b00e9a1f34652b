/** Grants over HTTP: who may ask, what is answered, and that confirmations reach who waits. */
import { newId, REVOCATION_KIND_NAMES, type ClientId } from '@portcullis/contracts';
import { grantReply } from '@portcullis/contracts/schemas';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureClient } from '../../src/client/ensure-client.ts';
import { changeOffline } from '../../src/commands/change-offline.ts';
import {
  ADMIN,
  basic,
  MACHINE,
  startAuthSystem,
  type Answer,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';

const SECRET = 'a secret that is long enough for a machine';
let system: AuthSystem;
let first: AuthInstance;
let second: AuthInstance;

beforeAll(async () => {
  system = await startAuthSystem({ instances: 0 });
  [first, second] = await Promise.all([system.start(), system.start()]);
  await changeOffline(system.bed.databaseUrls.auth, async (_, withChange) => {
    await ensureClient(withChange, {
      id: 'cli_shop' as ClientId,
      name: 'shop',
      scopes: ['revocations:read'],
      audiences: ['urn:portcullis:auth'],
      secret: SECRET,
    });
  });
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

const question = (changes: object = {}) => ({
  version: 1,
  service: 'shop',
  incarnation: newId('inc'),
  nonce: crypto.randomUUID(),
  policy: 'reject',
  epoch: null,
  position: 0,
  applied: [],
  ...changes,
});

const ask = async (
  body: unknown,
  headers: Record<string, string> = basic('cli_shop', SECRET),
  instance = first,
): Promise<Answer> => await instance.call('POST', '/v1/grants', { body, headers });

it('answers a question as NATS would', async () => {
  const asked = question();
  const { status, headers, body } = await ask(asked);
  expect(status).toBe(200);
  expect(headers.get('cache-control')).toBe('no-store');
  const reply = grantReply.parse(body);
  expect(reply).toMatchObject({ outcome: 'granted', complete: true, nonce: asked.nonce });
  const [row] = await system.sql`
    select service from verifiers where incarnation = ${asked.incarnation}`;
  expect(row?.['service']).toBe('shop');
});

it.each([
  ['no client', {}, {}, 401, 'invalid_client'],
  ['a wrong secret', {}, basic('cli_shop', 'x'.repeat(40)), 401, 'invalid_client'],
  ['a bearer token', {}, { authorization: 'Bearer abc' }, 401, 'invalid_client'],
  ['a client without the scope', {}, basic(MACHINE.id, MACHINE.secret), 403, 'insufficient_scope'],
  ['another service', { service: 'user' }, undefined, 403, 'insufficient_scope'],
  ['a member too many', { extra: 1 }, undefined, 400, 'invalid_request'],
  ['a position below zero', { position: -1 }, undefined, 400, 'invalid_request'],
])('refuses %s', async (_, changes, headers, status, code) => {
  const asked = question(changes);
  const answer = await ask(asked, headers);
  expect([answer.status, answer.body.code]).toEqual([status, code]);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  if (status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
  const rows = await system.sql`
    select 1 from verifiers where incarnation = ${asked.incarnation}`;
  expect(rows).toHaveLength(0);
});

it('hands a confirmation on to the instance that waits for it', async () => {
  // The verifiers of the tests above are gone, and are not waited for.
  await system.sql`delete from verifiers`;
  const asked = question();
  await ask(asked);
  const user = await first.newcomer();
  const path = '/v1/logout?wait=5000';
  const leaving = first.call('POST', path, { token: user.access_token });
  const entry = async () => {
    const rows = await system.sql`
      select id from revocation_log where key = ${user.session_id}`;
    return rows[0]?.['id'];
  };
  await expect.poll(entry, { interval: 10 }).toBeDefined();
  const confirmation = { ...asked, nonce: crypto.randomUUID(), applied: [await entry()] };
  expect((await ask(confirmation, undefined, second)).status).toBe(200);
  const { body } = await leaving;
  expect(body).toMatchObject({ published: true, confirmed: 1, expected: 1, pending: [] });
});

it('revokes what a client holds only where every verifier reads that', async () => {
  await system.sql`delete from verifiers`;
  await first.register(ADMIN.email, ADMIN.password);
  await system.giveRoles(ADMIN.email, ['admin']);
  const actor = await system.idOf(ADMIN.email);
  const user = await first.newcomer();
  const user_id = await system.idOf(user.email);
  const logOut = async (by = actor) =>
    await first.machine('accounts.logout', {
      actor: by,
      user_id,
      client_id: 'cli_first-party',
      wait: 0,
    });

  const ofBefore = question();
  expect((await ask(ofBefore)).body).toMatchObject({ outcome: 'granted', kinds_unknown: true });
  const refused = await logOut();
  expect([refused.status, refused.body.code]).toEqual([409, 'conflict']);
  expect(refused.body.issues).toMatchObject([
    { path: 'client_id', message: expect.stringContaining('the service shop ') },
  ]);
  expect(await first.accepts(user.access_token)).toBe(true);
  expect(await system.sql`select 1 from client_subjects`).toEqual([]);
  // A caller who may not do it learns nothing of services; the whole logout is as ever.
  expect((await logOut(user_id)).status).toBe(403);
  expect((await first.machine('accounts.logout', { actor, user_id, wait: 0 })).status).toBe(200);

  // One that has just started says so while it is waited for.
  const waiting = logOut();
  await sleep(200);
  const kinds = [...REVOCATION_KIND_NAMES];
  const told = await ask({ ...ofBefore, nonce: crypto.randomUUID(), kinds });
  expect(told.body.kinds_unknown).toBeUndefined();
  expect((await waiting).status).toBe(200);
  expect((await ask({ ...ofBefore, nonce: crypto.randomUUID() })).body.kinds_unknown).toBe(
    undefined,
  );
  expect((await logOut()).status).toBe(200);

  // Of a release that came before the kind, and says what it reads.
  await ask(question({ kinds: kinds.filter((kind) => kind !== 'client_subject') }));
  expect((await logOut()).status).toBe(409);
});

it.each([[['Session']], [['']], [[7]], ['session'], [Array.from({ length: 65 }, () => 'session')]])(
  'takes no kinds of the form %j',
  async (kinds) => {
    expect((await ask(question({ kinds }))).status).toBe(400);
  },
);

it('stands in the document', async () => {
  const { body } = await first.call('GET', '/openapi.json');
  expect(body.paths['/v1/grants'].post.security).toEqual([{ client: [] }]);
  expect(JSON.stringify(body.paths['/v1/grants'])).toContain('incarnation');
});
