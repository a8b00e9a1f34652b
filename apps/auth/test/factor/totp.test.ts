/** An authenticator app from its enrolment to its removal, and each way around it that peers were told of. */
import { createPortcullisClient } from '@portcullis/client';
import { newId } from '@portcullis/contracts';
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeOffline } from '../../src/commands/change-offline.ts';
import { connectPostgres } from '../../src/database/database.ts';
import { decodeBase32, encodeBase32 } from '../../src/factor/base32.ts';
import { resetFactorsByOperator } from '../../src/factor/reset-by-operator.ts';
import { reseal } from '../../src/keys/reseal.ts';
import { createSeal, SealError } from '../../src/keys/seal.ts';
import { openTotpSecret } from '../../src/keys/totp-seal.ts';
import { createLinkTokens } from '../../src/link/link-tokens.ts';
import { forgetSessions } from '../../src/session/forget-sessions.ts';
import {
  ADMIN,
  partOf,
  PASSWORD,
  startAuthSystem,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';
import { outcome, proceed } from '../login/code-factor.ts';
import { challengeOf, codeOf, confirm, enrol, enrolled, logInBy, verified } from './totp-user.ts';

const OTHER = 'seven herons under a tin roof';
const ACR = 'urn:portcullis:acr:mfa';

let system: AuthSystem;
let auth: AuthInstance;

beforeAll(async () => {
  system = await startAuthSystem({ instances: 2 });
  auth = system.auth;
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

const auditedFor = async (id: string): Promise<string[]> => {
  const rows = await system.sql`
    select action from audit_log where target_id = ${id} order by sequence`;
  return rows.map((row) => row['action']);
};
const mailedTo = async (id: string): Promise<string[]> => {
  const rows = await system.sql`select kind from mails where user_id = ${id} order by id`;
  return rows.map((row) => row['kind']);
};
const ask = (token: string, method: string, path: string) => auth.call(method, path, { token });

describe('an authenticator app', () => {
  it('is enrolled by a code, asked for at login, and removed', async () => {
    const user = await enrolled(system);
    expect(user.recoveryCodes).toHaveLength(10);
    expect(new Set(user.recoveryCodes).size).toBe(10);
    const first = await auth.call('POST', '/v1/login', {
      body: { email: user.email, password: PASSWORD },
    });
    expect(first.body.challenge.methods).toEqual(['totp', 'recovery-code']);
    const used = codeOf(user.secret, 1);
    const answer = `${used.slice(0, 3)} ${used.slice(3)}`;
    const challenge: string = first.body.challenge.token;
    const done = await proceed(auth, { challenge, method: 'totp', answer });
    const token: string = done.body.access_token;
    expect(partOf(token, 1)).toMatchObject({ sub: user.id, amr: ['pwd', 'otp'], acr: ACR });
    const listed = await ask(token, 'GET', '/v1/factors');
    expect(listed.body).toEqual({
      totp: { enrolled_at: expect.any(String) },
      recovery_codes_left: 10,
    });
    const again = await enrol(auth, token);
    expect(outcome(again)).toBe('409 conflict');
    expect(outcome(await ask(token, 'DELETE', '/v1/factors/totp'))).toBe('200 done');
    expect((await ask(token, 'GET', '/v1/factors')).body).toEqual({
      totp: null,
      recovery_codes_left: 0,
    });
    expect(await auth.logIn(user.email)).toHaveProperty('access_token');
    expect(await auditedFor(user.id)).toEqual(
      expect.arrayContaining([
        'account.totp-enrolment-begun',
        'account.totp-enrolled',
        'login.challenged',
        'account.totp-removed',
      ]),
    );
    expect(await mailedTo(user.id)).toEqual(
      expect.arrayContaining(['factor-enrolled', 'factor-removed']),
    );
  });

  it('is not asked for before it is confirmed, which takes five wrong codes at most', async () => {
    const { email, id, before } = await verified(system);
    const token = before.access_token;
    const secret = decodeBase32((await enrol(auth, token)).body.secret) ?? Buffer.alloc(0);
    expect(await auth.logIn(email)).toHaveProperty('access_token');
    for (let n = 0; n < 5; n += 1) {
      const { status, body } = await confirm(auth, token, 'wrong');
      expect([status, body.issues[0].path]).toEqual([400, 'code']);
    }
    expect(outcome(await confirm(auth, token, codeOf(secret)))).toBe('409 conflict');
    await enrol(auth, token);
    expect(outcome(await confirm(auth, token, codeOf(secret)))).toBe('400 invalid_request');
    await system.sql`
      update totp_factors set created_at = created_at - interval '10 minutes' where user_id = ${id}`;
    expect(outcome(await confirm(auth, token, codeOf(secret)))).toBe('409 conflict');
    const kept = await enrolled(system);
    await system.sql`update totp_factors set created_at = created_at - interval '1 day'`;
    await using postgres = connectPostgres(system.bed.databaseUrls.auth, 'test');
    while (await postgres.database.transaction(forgetSessions));
    const left = await system.sql`
      select user_id from totp_factors where user_id in (${id}, ${kept.id})`;
    expect(left).toEqual([{ user_id: kept.id }]);
  });

  it('may bring a secret of 80 bits from another system, and none of 72', async () => {
    const { email, before } = await verified(system);
    const secret = randomBytes(10);
    const short = await enrol(auth, before.access_token, {
      secret: encodeBase32(secret.subarray(1)),
    });
    expect(outcome(short)).toBe('400 invalid_request');
    const text = encodeBase32(secret).toLowerCase();
    const begun = await enrol(auth, before.access_token, { secret: text });
    expect(new URL(begun.body.uri).searchParams.get('secret')).toBe(encodeBase32(secret));
    expect((await confirm(auth, before.access_token, codeOf(secret))).status).toBe(200);
    expect((await logInBy(auth, { email }, 'totp', codeOf(secret, 1))).status).toBe(200);
  });

  it('leaves no secret in a row, sealed for its user alone', async () => {
    const [user, other] = [await enrolled(system), await enrolled(system)];
    const [code = ''] = user.recoveryCodes;
    expect((await logInBy(auth, user, 'recovery-code', code)).status).toBe(200);
    const dumps = [];
    for (const table of [
      'totp_factors',
      'recovery_codes',
      'audit_log',
      'mails',
      'login_challenges',
    ]) {
      dumps.push(...(await system.sql.unsafe(`select t::text as row from ${table} t`)));
    }
    const text = JSON.stringify(dumps);
    expect(text).toContain(user.id);
    const plain = [user.secret, encodeBase32(user.secret), code, code.replaceAll('-', '')];
    for (const secret of plain) {
      if (typeof secret === 'string') expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(secret).toString('hex'));
    }
    // Who can write rows cannot give one user the secret of another.
    await system.sql`
      update totp_factors set last_step = 0, sealed_secret =
        (select sealed_secret from totp_factors where user_id = ${other.id}) where user_id = ${user.id}`;
    expect((await logInBy(auth, user, 'totp', codeOf(other.secret, 1))).status).toBe(500);
  });

  it('goes with the account', async () => {
    const { id } = await enrolled(system);
    const input = { user_id: id, actor: await system.idOf(ADMIN.email), wait: 0 };
    expect((await auth.machine('accounts.remove', input)).status).toBe(200);
    const left = await system.sql`
      select user_id from totp_factors where user_id = ${id}
      union all select user_id from recovery_codes where user_id = ${id}`;
    expect(left).toEqual([]);
  });

  it('is enrolled and answered by the SDK', async () => {
    const { email } = await verified(system);
    const urls = { auth: auth.url, user: auth.url, admin: auth.url };
    const client = createPortcullisClient(urls);
    await client.logIn({ email, password: PASSWORD });
    const begun = await client.auth.factors.totp.enrol.mutate({});
    const secret = decodeBase32(begun.secret) ?? Buffer.alloc(0);
    const done = await client.auth.factors.totp.confirm.mutate({ code: codeOf(secret), wait: 0 });
    expect(done.recovery_codes).toHaveLength(10);
    const first = await client.logIn({ email, password: PASSWORD });
    if (first.status !== 'challenged') throw new Error(first.status);
    const answer = codeOf(secret, 1);
    await client.continueLogIn({ challenge: first.challenge, method: 'totp', answer });
    const { recovery_codes: codes } = await client.auth.factors.recoveryCodes.regenerate.mutate();
    expect(codes).toHaveLength(10);
    await client.auth.factors.totp.remove.mutate();
    expect((await client.logIn({ email, password: PASSWORD })).status).toBe('logged_in');
  });
});

describe('a recovery code', () => {
  it('stands in for the app once, with a notice, and goes with its set', async () => {
    const user = await enrolled(system);
    const [first = '', second = ''] = user.recoveryCodes;
    const typed = first.toLowerCase().replaceAll('-', ' ');
    const done = await logInBy(auth, user, 'recovery-code', typed);
    expect(partOf(done.body.access_token, 1)).toMatchObject({ amr: ['pwd', 'otp'], acr: ACR });
    expect(outcome(await logInBy(auth, user, 'recovery-code', first))).toBe('401 challenge_failed');
    const replaced = await ask(done.body.access_token, 'POST', '/v1/factors/recovery-codes');
    expect(replaced.body.recovery_codes).toHaveLength(10);
    expect(outcome(await logInBy(auth, user, 'recovery-code', second))).toBe(
      '401 challenge_failed',
    );
    const fresh: string = replaced.body.recovery_codes[0];
    expect((await logInBy(auth, user, 'recovery-code', fresh)).status).toBe(200);
    expect(await auditedFor(user.id)).toEqual(
      expect.arrayContaining(['login.recovery-code-used', 'account.recovery-codes-replaced']),
    );
    const mailed = await mailedTo(user.id);
    expect(mailed.filter((kind) => kind === 'recovery-code-used')).toHaveLength(2);
    expect(mailed).toContain('recovery-codes-replaced');
  });

  it('of another account is wrong', async () => {
    const [one, other] = [await enrolled(system), await enrolled(system)];
    const answer = other.recoveryCodes[0] ?? '';
    expect(outcome(await logInBy(auth, one, 'recovery-code', answer))).toBe('401 challenge_failed');
  });
});

describe('of fifty uses at once on two instances, one succeeds:', () => {
  it.each(['totp', 'recovery-code'] as const)(
    '%s',
    async (method) => {
      const user = await enrolled(system);
      const first = await challengeOf(auth, user.email);
      const challenges = [first];
      for (let n = 1; n < 50; n += 1) {
        const token = `plc_${randomBytes(32).toString('base64url')}`;
        const hash = createHash('sha256').update(token).digest();
        await system.sql`
        insert into login_challenges
          (token_hash, user_id, generation, network, amr, methods, expires_at)
        select ${hash}, user_id, generation, network, amr, methods, expires_at
        from login_challenges where user_id = ${user.id} limit 1`;
        challenges.push(token);
      }
      const answer = method === 'totp' ? codeOf(user.secret, 1) : (user.recoveryCodes[3] ?? '');
      const answers = await Promise.all(
        challenges.map((challenge, n) =>
          proceed(system.instances[n % 2] ?? auth, { challenge, method, answer }),
        ),
      );
      const outcomes = answers.map(outcome).toSorted();
      expect(outcomes).toEqual(['200 done', ...Array(49).fill('401 challenge_failed')]);
      const opened = await system.sql`
      select 1 from sessions where user_id = ${user.id} and ended_at is null`;
      expect(opened).toHaveLength(1);
    },
    60_000,
  );
});

describe('no way around it:', () => {
  it('a code that was used is not good again, nor is one before it', async () => {
    const user = await enrolled(system);
    const [present, next] = [codeOf(user.secret), codeOf(user.secret, 1)];
    expect(outcome(await logInBy(auth, user, 'totp', present))).toBe('401 challenge_failed');
    expect(outcome(await logInBy(auth, user, 'totp', next))).toBe('200 done');
    for (const code of [present, next]) {
      expect(outcome(await logInBy(auth, user, 'totp', code))).toBe('401 challenge_failed');
    }
  });

  it('a reset of the password by mail asks for it at the next login', async () => {
    const user = await enrolled(system);
    const token = await linkFor(user.id, 'reset-password');
    const reset = await auth.call('POST', '/v1/password/reset?wait=0', {
      body: { token, password: OTHER },
    });
    expect(reset.status).toBe(200);
    expect(Object.keys(reset.body)).not.toContain('access_token');
    const challenge = await challengeOf(auth, user.email, OTHER);
    const done = await proceed(auth, { challenge, method: 'totp', answer: codeOf(user.secret, 1) });
    expect(partOf(done.body.access_token, 1)['amr']).toEqual(['pwd', 'otp']);
  });

  it('a session of before the enrolment ends with it, the one that enrolled too, and no refresh renews it', async () => {
    const { email, before } = await verified(system);
    const other = await auth.logIn(email);
    const secret = decodeBase32((await enrol(auth, before.access_token)).body.secret);
    await confirm(auth, before.access_token, codeOf(secret ?? Buffer.alloc(0)));
    for (const { access_token, refresh_token } of [before, other]) {
      expect(await auth.accepts(access_token)).toBe(false);
      const refreshed = await auth.refresh(refresh_token);
      expect(outcome(refreshed)).toBe('401 invalid_refresh_token');
    }
  });

  it('a refresh says of a session what its login was, and makes it no better', async () => {
    const user = await enrolled(system);
    const { body } = await logInBy(auth, user, 'totp', codeOf(user.secret, 1));
    await system.sql`
      update sessions set amr = '{pwd}', acr = null where id = ${body.session_id}`;
    const refreshed = await auth.refresh(body.refresh_token);
    const token: string = refreshed.body.access_token;
    expect(partOf(token, 1)['amr']).toEqual(['pwd']);
    expect(outcome(await ask(token, 'DELETE', '/v1/factors/totp'))).toBe('401 login_too_weak');
  });

  it('removal, regeneration and enrolment without step-up are refused', async () => {
    const user = await enrolled(system);
    const { body } = await logInBy(auth, user, 'totp', codeOf(user.secret, 1));
    const routes = [
      ['DELETE', '/v1/factors/totp'],
      ['POST', '/v1/factors/recovery-codes'],
    ] as const;
    const outcomes = async () => {
      const answers = [];
      for (const [method, path] of routes) answers.push(await ask(body.access_token, method, path));
      answers.push(await enrol(auth, body.access_token));
      return [...new Set(answers.map(outcome))];
    };
    await system.sql`
      update sessions set amr = '{pwd}', acr = null where id = ${body.session_id}`;
    expect(await outcomes()).toEqual(['401 login_too_weak']);
    await system.sql`
      update sessions set amr = '{pwd,otp}', auth_time = auth_time - interval '16 minutes'
      where id = ${body.session_id}`;
    expect(await outcomes()).toEqual(['401 login_too_old']);
    const refused = await ask(body.access_token, 'DELETE', '/v1/factors/totp');
    expect(refused.headers.get('www-authenticate')).toContain(`acr_values="${ACR}", max_age="900"`);
    const newcomer = await verified(system);
    await system.sql`
      update sessions set auth_time = auth_time - interval '16 minutes'
      where id = ${newcomer.before.session_id}`;
    for (const answer of [
      await enrol(auth, newcomer.before.access_token),
      await confirm(auth, newcomer.before.access_token, '000000'),
    ]) {
      expect(outcome(answer)).toBe('401 login_too_old');
    }
  });

  it('a login whose password was checked before the enrolment gets a challenge, and no session', async () => {
    const { email, id, before } = await verified(system);
    const secret = decodeBase32((await enrol(auth, before.access_token)).body.secret);
    const code = codeOf(secret ?? Buffer.alloc(0));
    const waitingFor = async (query: string) =>
      (
        await system.sql`
          select 1 from pg_stat_activity where wait_event_type = 'Lock'
            and datname = current_database() and query like ${query}`
      ).length;
    const { confirmed, first } = await system.sql
      .begin(async (tx) => {
        await tx`select 1 from users where id = ${id} for update`;
        const confirming = confirm(auth, before.access_token, code);
        await expect.poll(() => waitingFor('select %from "users"%'), { timeout: 20_000 }).toBe(1);
        const body = { email, password: PASSWORD };
        const login = auth.call('POST', '/v1/login', { body });
        await expect.poll(() => waitingFor('with "locked"%'), { timeout: 20_000 }).toBe(1);
        return { confirmed: confirming, first: login };
      })
      .then(async (under) => ({ confirmed: await under.confirmed, first: await under.first }));
    expect([confirmed.status, first.status]).toEqual([200, 200]);
    expect(Object.keys(first.body)).toEqual(['challenge']);
  }, 60_000);

  it('what was asked for by mail before the enrolment is worth nothing after it', async () => {
    const { email, id, before } = await verified(system);
    const token = await linkFor(id, 'change-email', `new-${email}`);
    const secret = decodeBase32((await enrol(auth, before.access_token)).body.secret);
    await confirm(auth, before.access_token, codeOf(secret ?? Buffer.alloc(0)));
    const moved = await auth.call('POST', '/v1/email/verify', { body: { token } });
    expect(outcome(moved)).toBe('400 invalid_link');
  });

  it('who registers the address of another cannot leave a factor in the account', async () => {
    const { access_token } = await auth.newcomer();
    const refused = await enrol(auth, access_token);
    expect([refused.status, refused.body.issues]).toEqual([409, [expect.anything()]]);
  });
});

async function linkFor(
  id: string,
  purpose: string,
  newEmail: string | null = null,
): Promise<string> {
  const link = newId('lnk');
  const token = createLinkTokens(Buffer.alloc(32, 7)).of(link);
  await system.sql`
    insert into links (id, purpose, user_id, token_hash, credential_version, expires_at, new_email)
    select ${link}, ${purpose}, u.id, ${token.hash}, u.credential_version, now() + interval '1 hour',
      ${newEmail}
    from users u where id = ${id}`;
  return token.text;
}

// The last: no instance serves after it.
it('is sealed anew under another key-encryption key, and under no other name', async () => {
  const { id, secret } = await enrolled(system);
  const former = createHash('sha256').update(system.bed.prefix).digest();
  const present = randomBytes(32);
  // One has rows that it could not open.
  await system.sql`delete from totp_factors where user_id <> ${id}`;
  await using postgres = connectPostgres(system.bed.databaseUrls.auth, 'test');
  await reseal(postgres.database, createSeal(present, former));
  const [row] = await system.sql`select sealed_secret as sealed from totp_factors`;
  const sealed: Buffer = row?.['sealed'];
  const user = id as Parameters<typeof openTotpSecret>[1];
  expect(openTotpSecret(createSeal(present), user, sealed)).toEqual(secret);
  expect(() => openTotpSecret(createSeal(former), user, sealed)).toThrow(SealError);
  expect(() => openTotpSecret(createSeal(present), newId('usr'), sealed)).toThrow(SealError);
});

describe('an app and recovery codes that are lost', () => {
  const reset = async (email: string) =>
    await changeOffline(system.bed.databaseUrls.auth, (_, withChange) =>
      resetFactorsByOperator(withChange, email),
    );

  it('are taken off by an operator: every session ends, and the next login takes the password alone', async () => {
    const user = await enrolled(system);
    const held = await logInBy(auth, user, 'totp', codeOf(user.secret, 1));
    expect(held.status).toBe(200);
    const revoked = await reset(user.email);
    expect(revoked).toMatchObject([{ kind: 'subject', key: user.id }]);
    expect((await auth.refresh(held.body.refresh_token)).status).toBe(401);
    expect(await auth.accepts(held.body.access_token)).toBe(false);
    const after = await auth.call('POST', '/v1/login', {
      body: { email: user.email, password: PASSWORD },
    });
    expect(after.status).toBe(200);
    expect(partOf(after.body.access_token, 1)).toMatchObject({ amr: ['pwd'] });
    expect(await auditedFor(user.id)).toContain('account.factors-reset');
    expect(await mailedTo(user.id)).toContain('factor-removed');
  });

  it('are not taken off where there are none, and nothing changes', async () => {
    const user = await verified(system);
    await enrol(auth, user.before.access_token);
    await expect(reset(user.email)).rejects.toThrow('the account has no authenticator app');
    await expect(reset('nobody@example.com')).rejects.toThrow('no account has this address');
    expect(await auth.accepts(user.before.access_token)).toBe(true);
    const left = await system.sql`select 1 from totp_factors where user_id = ${user.id}`;
    expect(left).toHaveLength(1);
  });
});
