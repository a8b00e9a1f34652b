/**
 * Everything through which this service can change anything, in one table: what it does to access,
 * and that whatever ends access leaves an event in the log, a row in the audit trail, and a receipt.
 *
 * What is not in the table fails; so does what lacks one of the three.
 */
import { createAuthRouter, type AuthService } from '@portcullis/api';
import { newId, type ClientId, type Receipt } from '@portcullis/contracts';
import { receipt } from '@portcullis/contracts/schemas';
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installAccess } from '../src/access/install-access.ts';
import { disableByOperator } from '../src/client/disable-by-operator.ts';
import { resetFactorsByOperator } from '../src/factor/reset-by-operator.ts';
import { ensureClient } from '../src/client/ensure-client.ts';
import { afterRestore } from '../src/restore/after-restore.ts';
import { RestoreRefused } from '../src/restore/refused.ts';
import { breakGlass } from '../src/revocation/break-glass.ts';
import { changeEpoch } from '../src/revocation/change-epoch.ts';
import { changeOffline } from '../src/commands/change-offline.ts';
import { decodeBase32 } from '../src/factor/base32.ts';
import { codeAt, stepAt } from '../src/factor/one-time-code.ts';
import { createLinkTokens } from '../src/link/link-tokens.ts';
import type { LinkPurpose } from '../src/database/schema/mail.ts';
import {
  ADMIN,
  basic,
  MACHINE,
  PASSWORD,
  startAuthSystem,
  type Answer,
  type AuthInstance,
  type AuthSystem,
} from './auth-system.ts';
import { enrolled } from './factor/totp-user.ts';
import { CodeFactor, proceed } from './login/code-factor.ts';
import { APP, ask, codeOf, makeApplication, REDIRECT } from './signin/browser-form.ts';

/**
 * - `ends`: takes access from tokens that were good, in whole or in part, and answers with a receipt.
 * - `ends, refusing`: the same; its answer is a refusal, which has no receipt.
 * - `ends, offline`: the same; done by an operator's command, which has no caller to give one to.
 * - `opens`: gives access, or allows it again. Accounted for, and no event of the log.
 * - `nothing`
 */
type Effect = 'ends' | 'ends, refusing' | 'ends, offline' | 'opens' | 'nothing';

interface Case {
  effect: Effect;
  /** Does it, so that it has its effect. @returns the answer, or the id of the request */
  act: () => Promise<Answer | string>;
}

const factor = new CodeFactor();
let system: AuthSystem;
let auth: AuthInstance;
let actor: string;

beforeAll(async () => {
  system = await startAuthSystem({ factors: [factor] });
  auth = system.auth;
  actor = await system.idOf(ADMIN.email);
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

const someone = async (): Promise<{ user_id: string; actor: string; wait: number }> => ({
  user_id: await system.idOf((await auth.newcomer()).email),
  actor,
  wait: 0,
});

/** A refresh token that was used twice before: there is a copy of it. */
async function replayed(): Promise<string> {
  const { refresh_token: first } = await auth.newcomer();
  const { body } = await auth.refresh(first);
  await auth.refresh(body.refresh_token);
  return first;
}

/** A login that waits for a code. */
async function challenged() {
  const { email } = await auth.newcomer();
  const code = factor.enrol(await system.idOf(email));
  const answer = await auth.call('POST', '/v1/login', { body: { email, password: PASSWORD } });
  const challenge: string = answer.body.challenge.token;
  return { answer, challenge, code };
}

/** @returns the answer to the last of so many exchanges of one code */
async function exchanged(times: number): Promise<Answer> {
  await makeApplication(system);
  const { email } = await auth.newcomer();
  const asked = ask();
  const code = await codeOf(auth, email, asked);
  const body = {
    code,
    code_verifier: asked.verifier,
    redirect_uri: REDIRECT,
    client_id: APP,
  };
  const exchange = async () => await auth.call('POST', '/v1/login/complete', { body });
  let answer = await exchange();
  for (let n = 1; n < times; n += 1) answer = await exchange();
  return answer;
}

const newClient = (id: string) => ({
  actor,
  id,
  name: 'made',
  scopes: [],
  audiences: ['urn:portcullis:auth'],
});

async function createdClient(id: string): Promise<string> {
  await auth.machine('clients.create', newClient(id));
  return id;
}

const SHOP = {
  id: 'cli_shop' as ClientId,
  name: 'shop',
  audiences: ['urn:portcullis:auth'],
  secret: 'a secret that is long enough for a machine',
};
const asShop = { headers: basic(SHOP.id, SHOP.secret) };

/** A user who has begun to enrol an authenticator app. */
async function enrolling() {
  const user = await auth.newcomer();
  await system.sql`
    update users set email_verified_at = clock_timestamp() where email_key = ${user.email}`;
  const { access_token: token } = user;
  const begun = await auth.call('POST', '/v1/factors/totp', { token, body: {} });
  const secret = decodeBase32(begun.body.secret) ?? Buffer.alloc(0);
  const code = codeAt(secret, stepAt(Date.now() / 1_000));
  return { ...user, begun, code };
}

/** A session that was opened with a recovery code, of a user with an authenticator app. */
async function strong(): Promise<string> {
  const { email, access_token: token, code } = await enrolling();
  const body = { code, wait: 0 };
  const confirmed = await auth.call('POST', '/v1/factors/totp/confirm', { token, body });
  const answer: string = confirmed.body.recovery_codes[0];
  const { body: first } = await auth.call('POST', '/v1/login', {
    body: { email, password: PASSWORD },
  });
  const method = 'recovery-code';
  const challenge: string = first.challenge.token;
  return (await proceed(auth, { challenge, method, answer })).body.access_token;
}

/** A token as it would stand in a mail to that user, for what is done with it. */
async function linkTo(email: string, purpose: LinkPurpose, newEmail?: string): Promise<string> {
  const id = newId('lnk');
  const token = linkTokens.of(id);
  await system.sql`
    insert into links (id, purpose, user_id, token_hash, credential_version, expires_at, new_email)
    select ${id}, ${purpose}, u.id, ${token.hash}, u.credential_version, now() + interval '1 hour',
      ${newEmail ?? null}
    from users u where email_key = ${email}`;
  return token.text;
}
const linkTokens = createLinkTokens(Buffer.alloc(32, 7));
const OTHER_PASSWORD = 'seven herons under a tin roof';

const TABLE: Record<string, Record<string, Case>> = {
  'email.verify': {
    'by the link alone': {
      effect: 'ends',
      act: async () => {
        const { email } = await auth.newcomer();
        const body = { token: await linkTo(email, 'verify-email') };
        return await auth.call('POST', '/v1/email/verify', { body });
      },
    },
    'with the password': {
      effect: 'opens',
      act: async () => {
        const { email } = await auth.newcomer();
        const body = { token: await linkTo(email, 'verify-email'), password: PASSWORD };
        return await auth.call('POST', '/v1/email/verify', { body });
      },
    },
    'another address': {
      effect: 'ends',
      act: async () => {
        const { email } = await auth.newcomer();
        const body = { token: await linkTo(email, 'change-email', `new-${email}`) };
        return await auth.call('POST', '/v1/email/verify', { body });
      },
    },
  },
  'email.resend': {
    'to a user': {
      effect: 'opens',
      act: async () => {
        const { email } = await auth.newcomer();
        return await auth.call('POST', '/v1/email/resend', { body: { email } });
      },
    },
  },
  'email.change': {
    'another address': {
      effect: 'opens',
      act: async () => {
        const { email, access_token: token } = await auth.newcomer();
        return await auth.call('POST', '/v1/email/change', {
          token,
          body: { email: `new-${email}` },
        });
      },
    },
  },
  'password.forgot': {
    'to a user': {
      effect: 'opens',
      act: async () => {
        const { email } = await auth.newcomer();
        return await auth.call('POST', '/v1/password/forgot', { body: { email } });
      },
    },
  },
  'password.reset': {
    'by a link': {
      effect: 'ends',
      act: async () => {
        const { email } = await auth.newcomer();
        const body = { token: await linkTo(email, 'reset-password'), password: OTHER_PASSWORD };
        return await auth.call('POST', '/v1/password/reset', { body });
      },
    },
  },
  'password.change': {
    'of the caller': {
      effect: 'ends',
      act: async () => {
        const token = (await auth.newcomer()).access_token;
        const body = { current_password: PASSWORD, new_password: OTHER_PASSWORD };
        return await auth.call('POST', '/v1/password/change', { token, body });
      },
    },
  },
  'factors.totp.enrol': {
    begun: { effect: 'opens', act: async () => (await enrolling()).begun },
  },
  'factors.totp.confirm': {
    'by its code': {
      effect: 'ends',
      act: async () => {
        const { access_token: token, code } = await enrolling();
        const path = '/v1/factors/totp/confirm?wait=0';
        return await auth.call('POST', path, { token, body: { code } });
      },
    },
  },
  'factors.totp.remove': {
    'of the caller': {
      effect: 'opens',
      act: async () => await auth.call('DELETE', '/v1/factors/totp', { token: await strong() }),
    },
  },
  'factors.recoveryCodes.regenerate': {
    'of the caller': {
      effect: 'opens',
      act: async () =>
        await auth.call('POST', '/v1/factors/recovery-codes', { token: await strong() }),
    },
  },
  register: {
    'a new account': { effect: 'opens', act: () => auth.register('every-change@example.test') },
    'a known address': { effect: 'opens', act: () => auth.register('every-change@example.test') },
  },
  login: {
    'a session': {
      effect: 'opens',
      act: async () => {
        const { email } = await auth.newcomer();
        return await auth.call('POST', '/v1/login', { body: { email, password: PASSWORD } });
      },
    },
    'a challenge': { effect: 'opens', act: async () => (await challenged()).answer },
  },
  continueLogin: {
    'a session': {
      effect: 'opens',
      act: async () => {
        const { challenge, code } = await challenged();
        return await proceed(auth, { challenge, answer: code });
      },
    },
    'the last answer that is looked at, a wrong one': {
      effect: 'opens',
      act: async () => {
        const { challenge } = await challenged();
        for (let n = 0; n < 4; n += 1) await proceed(auth, { challenge, answer: 'wrong' });
        return await proceed(auth, { challenge, answer: 'wrong' });
      },
    },
  },
  completeLogin: {
    // What opens its session is the login on the page of auth (test/signin).
    'a code': { effect: 'nothing', act: async () => await exchanged(1) },
    'a code that was used before': {
      effect: 'ends, refusing',
      act: async () => await exchanged(2),
    },
  },
  refresh: {
    'a live token': {
      effect: 'nothing',
      act: async () => await auth.refresh((await auth.newcomer()).refresh_token),
    },
    'a token that was used before': {
      effect: 'ends, refusing',
      act: async () => await auth.refresh(await replayed()),
    },
  },
  logout: {
    'the own session': {
      effect: 'ends',
      act: async () => {
        const token = (await auth.newcomer()).access_token;
        return await auth.call('POST', '/v1/logout', { token });
      },
    },
  },
  logoutAll: {
    everything: {
      effect: 'ends',
      act: async () => {
        const token = (await auth.newcomer()).access_token;
        return await auth.call('POST', '/v1/logout-all', { token });
      },
    },
    'all but the own': {
      effect: 'ends',
      act: async () => {
        const { email, access_token: token } = await auth.newcomer();
        await auth.logIn(email);
        const body = { keep_current: true };
        return await auth.call('POST', '/v1/logout-all', { token, body });
      },
    },
  },
  'sessions.end': {
    'one session': {
      effect: 'ends',
      act: async () => {
        const { session_id, access_token: token } = await auth.newcomer();
        return await auth.call('DELETE', `/v1/sessions/${session_id}`, { token });
      },
    },
  },
  'accounts.disable': {
    'an active account': {
      effect: 'ends',
      act: async () => await auth.machine('accounts.disable', await someone()),
    },
  },
  'accounts.enable': {
    'a disabled account': {
      effect: 'opens',
      act: async () => {
        const { wait, ...who } = await someone();
        await auth.machine('accounts.disable', { ...who, wait });
        return await auth.machine('accounts.enable', who);
      },
    },
  },
  'accounts.remove': {
    'an account': {
      effect: 'ends',
      act: async () => await auth.machine('accounts.remove', await someone()),
    },
  },
  'accounts.rename': {
    'an account': {
      effect: 'nothing',
      act: async () => {
        const { user_id } = await someone();
        return await auth.machine('accounts.rename', { user_id, name: 'Grace' });
      },
    },
  },
  'accounts.setRoles': {
    'more roles': {
      effect: 'ends',
      act: async () =>
        await auth.machine('accounts.setRoles', { ...(await someone()), roles: ['support'] }),
    },
    'fewer roles': {
      effect: 'ends',
      act: async () => {
        const who = await someone();
        await auth.machine('accounts.setRoles', { ...who, roles: ['support'] });
        return await auth.machine('accounts.setRoles', { ...who, roles: [] });
      },
    },
  },
  'accounts.logout': {
    'an account': {
      effect: 'ends',
      act: async () => await auth.machine('accounts.logout', await someone()),
    },
    'what one client holds': {
      effect: 'ends',
      act: async () => {
        const who = { ...(await someone()), client_id: 'cli_first-party' };
        return await auth.machine('accounts.logout', who);
      },
    },
  },
  'keys.rotate': {
    'a key': { effect: 'opens', act: async () => await auth.machine('keys.rotate', { actor }) },
  },
  'keys.kill': {
    'the key that signs': {
      effect: 'ends',
      act: async () => {
        const [row] = await system.sql`
          select kid from signing_keys where killed_at is null order by active_from limit 1`;
        return await auth.machine('keys.kill', { actor, kid: row?.['kid'], wait: 0 });
      },
    },
  },
  'clients.create': {
    'a client': {
      effect: 'opens',
      act: async () => await auth.machine('clients.create', newClient('cli_created')),
    },
  },
  'clients.rotate': {
    'with an overlap': {
      effect: 'opens',
      act: async () => {
        const id = await createdClient('cli_overlapping');
        return await auth.machine('clients.rotate', { actor, client_id: id, wait: 0 });
      },
    },
    'at once': {
      effect: 'ends',
      act: async () => {
        const who = { actor, client_id: await createdClient('cli_at-once'), wait: 0 };
        return await auth.machine('clients.rotate', { ...who, overlap_seconds: 0 });
      },
    },
  },
  'clients.disable': {
    'a client': {
      effect: 'ends',
      act: async () => {
        const id = await createdClient('cli_disabled');
        return await auth.machine('clients.disable', { actor, client_id: id, wait: 0 });
      },
    },
  },
  'oauth2.token': {
    'a token of a machine': {
      effect: 'nothing',
      act: async () =>
        await auth.call('POST', '/oauth2/token', {
          form: { grant_type: 'client_credentials' },
          headers: basic(MACHINE.id, MACHINE.secret),
        }),
    },
    'a live refresh token': {
      effect: 'nothing',
      act: async () => {
        const { refresh_token } = await auth.newcomer();
        const form = { grant_type: 'refresh_token', refresh_token };
        return await auth.call('POST', '/oauth2/token', { form });
      },
    },
    'a refresh token that was used before': {
      effect: 'ends, refusing',
      act: async () => {
        const form = { grant_type: 'refresh_token', refresh_token: await replayed() };
        return await auth.call('POST', '/oauth2/token', { form });
      },
    },
  },
  'oauth2.revoke': {
    'an access token': {
      effect: 'ends',
      act: async () => {
        const form = { token: (await auth.newcomer()).access_token, client_id: 'cli_first-party' };
        return await auth.call('POST', '/oauth2/revoke', { form });
      },
    },
    'a refresh token': {
      effect: 'ends',
      act: async () => {
        const form = { token: (await auth.newcomer()).refresh_token, client_id: 'cli_first-party' };
        return await auth.call('POST', '/oauth2/revoke', { form });
      },
    },
    'no token of ours': {
      effect: 'nothing',
      act: async () => {
        const form = { token: 'x', client_id: 'cli_first-party' };
        return await auth.call('POST', '/oauth2/revoke', { form });
      },
    },
  },
  'oauth2.introspect': {
    'a token': {
      effect: 'nothing',
      act: async () => {
        const form = { token: (await auth.newcomer()).access_token };
        return await auth.call('POST', '/oauth2/introspect', { form, ...asShop });
      },
    },
  },
  'verifiers.grant': {
    'a malformed request': {
      effect: 'nothing',
      act: async () => await auth.call('POST', '/v1/grants', { body: {}, ...asShop }),
    },
  },
  'command ensure-client': {
    'a new client': { effect: 'opens', act: () => ensured(['users:read', 'users:write']) },
    'with less to be allowed': { effect: 'ends, offline', act: () => ensured(['users:read']) },
  },
  'command ensure-application': {
    'a new application': {
      effect: 'opens',
      act: async () => {
        auditedBefore = await lastAudited();
        await makeApplication(system, 'cli_application');
        return 'ensure-application';
      },
    },
  },
  'command disable-client': {
    'a client': { effect: 'ends, offline', act: () => disabledByOperator() },
  },
  'command reset-factors': {
    'an account with an app': { effect: 'ends, offline', act: () => resetByOperator() },
  },
  'command apply-config': {
    // What roles carry is no token's, and has a receipt of its own (test/access).
    'another mapping of roles': {
      effect: 'opens',
      act: async () => {
        auditedBefore = await lastAudited();
        const roles = { clerk: ['orders:read'] };
        const config = { number: 1, permissions: ['orders:read'], roles, scopes: [] };
        await changeOffline(system.bed.databaseUrls.auth, async (database, withChange) =>
          installAccess(database, withChange, config),
        );
        return 'install-access';
      },
    },
  },
  'command create-admin': {
    // Covered by what it has left when this instance started.
    'the first administrator': {
      effect: 'opens',
      act: async () => {
        auditedBefore = 0;
        return 'create-administrator';
      },
    },
  },
  'command change-epoch': {
    // Verifiers start over; no token is good or bad by it.
    'another epoch': {
      effect: 'nothing',
      act: async () => {
        await changeOffline(system.bed.databaseUrls.auth, async (_, withChange) => {
          await changeEpoch(withChange);
        });
        return 'change-epoch';
      },
    },
  },
  'command after-restore': {
    // What it ends, and that it leaves an event and a row of it, is the business of test/restore.
    'refused while auth runs': {
      effect: 'nothing',
      act: async () => {
        const restoring = changeOffline(system.bed.databaseUrls.auth, (database, withChange) =>
          afterRestore({
            database,
            withChange,
            keyFactory: {} as never,
            kept: null,
            apply: false,
            requireVerifiedEmail: false,
            dryRun: false,
          }),
        );
        await expect(restoring).rejects.toThrow(RestoreRefused);
        return 'after-restore';
      },
    },
  },
  'command break-glass': {
    everything: {
      effect: 'ends, offline',
      act: async () => {
        await changeOffline(system.bed.databaseUrls.auth, (database, withChange) =>
          breakGlass(database, withChange, sleep),
        );
        return 'break-glass';
      },
    },
  },
  'command verify-audit': {
    // It only reads.
    nothing: { effect: 'nothing', act: async () => 'verify-audit' },
  },
  'command require-stopped': {
    // So does this one.
    nothing: { effect: 'nothing', act: async () => 'require-stopped' },
  },
  'command migrate': {
    'nothing new': { effect: 'nothing', act: async () => 'migrate' },
  },
};

/** The end of the audit trail before the last run of a command: all have the same request id. */
let auditedBefore = 0;

async function lastAudited(): Promise<number> {
  const [row] = await system.sql`select max(sequence) as last from audit_log`;
  return row?.['last'];
}

async function ensured(scopes: ('users:read' | 'users:write')[]): Promise<string> {
  auditedBefore = await lastAudited();
  await changeOffline(system.bed.databaseUrls.auth, async (_, withChange) => {
    await ensureClient(withChange, { ...SHOP, scopes });
  });
  return 'ensure-client';
}

async function disabledByOperator(): Promise<string> {
  const id = 'cli_for-the-operator' as ClientId;
  const { auth: url } = system.bed.databaseUrls;
  await changeOffline(url, async (_, withChange) => {
    await ensureClient(withChange, { ...SHOP, id, scopes: [] });
  });
  auditedBefore = await lastAudited();
  await changeOffline(url, async (_, withChange) => await disableByOperator(withChange, id));
  return 'disable-client';
}

async function resetByOperator(): Promise<string> {
  const { email } = await enrolled(system);
  auditedBefore = await lastAudited();
  await changeOffline(system.bed.databaseUrls.auth, async (_, withChange) => {
    await resetFactorsByOperator(withChange, email);
  });
  return 'reset-factors';
}

interface Evidence {
  events: { key: string; occurred: Date }[];
  audits: number;
  receipt: Receipt | null;
}

async function evidenceOf(answer: Answer | string): Promise<Evidence> {
  const id = typeof answer === 'string' ? answer : answer.headers.get('x-request-id');
  const body = typeof answer === 'string' ? null : answer.body;
  const events = await system.sql`
    select key, occurred_at from revocation_log where request_id = ${id}`;
  const audits = await system.sql`
    select 1 from audit_log where request_id = ${id} and sequence > ${auditedBefore}`;
  const given = receipt.safeParse(body?.receipt ?? body);
  return {
    events: events.map((row) => ({ key: row['key'], occurred: row['occurred_at'] })),
    audits: audits.length,
    receipt: given.success ? given.data : null,
  };
}

/** What is wrong with what a change has left behind. */
function faultsOf(effect: Effect, { events, audits, receipt: given }: Evidence): string[] {
  const faults: string[] = [];
  const ends = effect.startsWith('ends');
  if (ends && events.length === 0) faults.push('no event in the log');
  if (!ends && events.length > 0) faults.push('an event, though nothing was ended');
  if (effect !== 'nothing' && audits === 0) faults.push('no row in the audit trail');
  if (effect === 'ends' && given === null) faults.push('no receipt');
  if (effect !== 'ends' && given !== null) faults.push('a receipt for nothing');
  const last = events.at(-1);
  if (given !== null && last !== undefined) {
    if (given.committed_at !== last.occurred.toISOString()) faults.push('the receipt of another');
  }
  return faults;
}

/** Every name under which something can be changed. */
async function everyMutation(): Promise<string[]> {
  // It is walked, not called. At run time the procedures stand side by side, by their whole names.
  const router = createAuthRouter({ administration: {} } as AuthService);
  const flat = router._def.procedures as unknown as Record<string, { _def: { type: string } }>;
  const known = new Set(Object.keys(flat));
  const procedures = [...known].filter((name) => flat[name]?._def.type === 'mutation');
  const { body } = await auth.call('GET', '/openapi.json');
  const others = Object.values<Record<string, { operationId: string }>>(body.paths)
    .flatMap((item) => Object.entries(item))
    .filter(([method]) => method !== 'get')
    .map(([, { operationId }]) => operationId)
    .filter((name) => !known.has(name));
  const files = await readdir(new URL('../src/commands', import.meta.url));
  const helpers = ['change-offline.ts', 'receipt-of.ts', 'run-command.ts'];
  const commands = files
    .filter((file) => !helpers.includes(file))
    .map((file) => `command ${file.replace('.ts', '')}`);
  return [...procedures, ...others, ...commands].toSorted();
}

it('has a place in the table for everything that can be called, and for nothing else', async () => {
  expect(await everyMutation()).toEqual(Object.keys(TABLE).toSorted());
});

describe.each(Object.entries(TABLE))('%s', (_, cases) => {
  it.each(Object.entries(cases))('%s', async (_name, { effect, act }) => {
    const evidence = await evidenceOf(await act());
    expect(faultsOf(effect, evidence)).toEqual([]);
    // And it would be noticed, were one of the three missing.
    if (!effect.startsWith('ends')) return;
    expect(faultsOf(effect, { ...evidence, events: [] })).toContain('no event in the log');
    expect(faultsOf(effect, { ...evidence, audits: 0 })).toContain('no row in the audit trail');
    if (effect !== 'ends') return;
    expect(faultsOf(effect, { ...evidence, receipt: null })).toContain('no receipt');
  });
});
