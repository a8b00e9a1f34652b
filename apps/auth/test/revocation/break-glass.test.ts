/** Break glass: everybody is out, beside instances that serve, and who logs in afterwards is in. */
import { nodeWords, run } from '@portcullis/testbed';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { changeOffline } from '../../src/commands/change-offline.ts';
import { breakGlass } from '../../src/revocation/break-glass.ts';
import { partOf, startAuthSystem, type AuthInstance, type AuthSystem } from '../auth-system.ts';
import { startVerifier } from './instance.ts';

let system: AuthSystem;
let auth: AuthInstance;

beforeAll(async () => {
  system = await startAuthSystem();
  ({ auth } = system);
}, 120_000);
afterAll(async () => await system.bed.dispose());

it(
  'ends tokens and sessions of users and machines, at auth and at verifiers, by the command',
  { timeout: 60_000 },
  async () => {
    const verifier = await startVerifier(system.bed, 'orders');
    const before = await auth.newcomer();
    const machine = await auth.machineToken();
    const said = await run({
      name: 'break-glass',
      command: process.execPath,
      args: nodeWords('apps/auth/src/commands/break-glass.ts'),
      env: { NODE_ENV: 'test', DATABASE_URL: system.bed.databaseUrls.auth },
    });
    expect(said).toMatch(/sessions +1 ended/);
    expect(await auth.accepts(before.access_token)).toBe(false);
    expect((await auth.refresh(before.refresh_token)).status).toBe(401);
    const asMachine = (token: string) =>
      auth.call('GET', '/trpc/accounts.list?input=%7B%7D', { token });
    expect((await asMachine(machine)).status).toBe(401);

    const again = await auth.logIn(before.email);
    expect(await auth.accepts(again.access_token)).toBe(true);
    expect((await auth.refresh(again.refresh_token)).status).toBe(200);
    expect((await asMachine(await auth.machineToken())).status).toBe(200);

    const generation = partOf(again.access_token, 1)['igen'];
    await expect
      .poll(() => verifier.applied.filter(({ kind }) => kind === 'issuer'))
      .toContainEqual(expect.objectContaining({ generation, reason: 'break_glass' }));
    const audited = await system.sql`
    select detail from audit_log where action = 'issuer.cut' order by sequence`;
    expect(audited).toMatchObject([
      { detail: { generation: generation - 1 } },
      { detail: { generation, sessions: 1 } },
    ]);
  },
);

it(
  'ends what was refreshed while sessions were ended, and no session of after the first cut',
  { timeout: 60_000 },
  async () => {
    const { email, refresh_token: old } = await auth.newcomer();
    const held = await auth.newcomer();
    const [row] = await system.sql`
    select id from sessions where user_id = ${await system.idOf(held.email)}`;
    let meanwhile: { late: string; since: string } | undefined;
    const transaction = system.sql.begin(async (tx) => {
      // One session is held, so that the first pass leaves it.
      await tx`select id from sessions where id = ${row?.['id']} for update`;
      await expect.poll(() => meanwhile, { timeout: 10_000 }).toBeDefined();
    });
    const broken = changeOffline(system.bed.databaseUrls.auth, (database, withChange) =>
      breakGlass(database, withChange, async () => {
        if (meanwhile !== undefined) return;
        const since = await auth.logIn(email);
        meanwhile = { late: since.access_token, since: since.refresh_token };
      }),
    );
    await transaction;
    await broken;
    expect((await auth.refresh(old)).status).toBe(401);
    expect((await auth.refresh(held.refresh_token)).status).toBe(401);
    // It logged in between the two cuts: that token is too old, and its session gives another.
    expect(await auth.accepts(meanwhile?.late ?? '')).toBe(false);
    const refreshed = await auth.refresh(meanwhile?.since ?? '');
    expect(refreshed.status).toBe(200);
    expect(await auth.accepts(refreshed.body.access_token)).toBe(true);
  },
);
