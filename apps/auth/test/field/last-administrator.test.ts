/** Faults from the field: who is left to administer. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { ADMIN, startAuthSystem, type Answer, type AuthSystem } from '../auth-system.ts';

let system: AuthSystem;
let self: string;
let token: string;

beforeAll(async () => {
  system = await startAuthSystem({ overrides: { PORTCULLIS_REQUIRE_VERIFIED_EMAIL: 'true' } });
  self = await system.idOf(ADMIN.email);
  token = await system.auth.machineToken();
}, 120_000);
/** So that a case that fails does not have the next one fail. */
afterEach(async () => {
  await system.sql`update users set roles = '{admin}', status = 'active' where id = ${self}`;
});
afterAll(() => system.bed.dispose());

const act = (verb: string, user_id: string, more: object = {}): Promise<Answer> =>
  system.auth.machine(`accounts.${verb}`, { user_id, actor: self, ...more }, token);

it.each([
  ['setRoles', { roles: [], wait: 0 }],
  ['disable', { wait: 0 }],
  ['remove', { wait: 0 }],
] as const)('L1: the last administrator who can log in may not go by %s', async (verb, more) => {
  // Has the role, and cannot log in before the address is verified.
  const email = `never-verified-${verb.toLowerCase()}@example.test`;
  await system.auth.register(email);
  const other = await system.idOf(email);
  expect((await act('setRoles', other, { roles: ['admin'], wait: 0 })).status).toBe(200);
  const refused = await act(verb, self, more);
  expect([refused.status, refused.body.code]).toEqual([409, 'last_administrator']);
  expect((await act('remove', other, { wait: 0 })).status).toBe(200);
});

it('L1: at the start a first administrator is made where none can log in', async () => {
  // As after PORTCULLIS_REQUIRE_VERIFIED_EMAIL was switched on.
  await system.sql`update users set email_verified_at = null where id = ${self}`;
  const email = 'operator@example.test';
  const started = await system.start({ PORTCULLIS_ADMIN_EMAIL: email });
  await expect(started.logIn(email, ADMIN.password)).resolves.toBeDefined();
});
