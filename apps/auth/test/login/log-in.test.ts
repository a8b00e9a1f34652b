/** Registering and logging in: alike for known and unknown, and never past a change. */
import { randomBytes } from 'node:crypto';
import { hash } from '@node-rs/argon2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ADMIN,
  PASSWORD,
  startAuthSystem,
  type Answer,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';

let system: AuthSystem;
let auth: AuthInstance;

beforeAll(async () => {
  system = await startAuthSystem();
  auth = system.auth;
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

const someAddress = () => `${randomBytes(8).toString('hex')}@example.test`;

/** What must not tell one account from another. */
function comparable({ status, headers, body }: Answer) {
  const own = new Set(['date', 'x-request-id', 'content-length', 'keep-alive', 'connection']);
  const { request_id: _, ...rest } = body;
  return { status, body: rest, headers: [...headers].filter(([name]) => !own.has(name)) };
}

const tryLogIn = (email: string, password: string) =>
  auth.call('POST', '/v1/login', { body: { email, password } });

describe('registering', () => {
  it('answers alike for a known and an unknown address, and leaves the known one alone', async () => {
    const known = (await auth.newcomer()).email;
    const unknown = await auth.register(someAddress(), 'another password that is long');
    const repeated = await auth.register(known, 'another password that is long', 'Mallory');
    expect(comparable(repeated)).toEqual(comparable(unknown));
    expect(unknown.status).toBe(201);
    await auth.logIn(known);
    await expect(auth.logIn(known, 'another password that is long')).rejects.toThrow('401');
  });

  it('takes spellings of one address for one account', async () => {
    const local = randomBytes(6).toString('hex');
    await auth.register(`${local}@example.test`);
    await auth.register(`${local.toUpperCase()}@EXAMPLE.test`, 'another user was here before');
    const found = await system.sql`select 1 from users where email_key like ${`${local}%`}`;
    expect(found).toHaveLength(1);
    await auth.logIn(`  ${local.toUpperCase()}@Example.Test `);
  });

  it('makes one account of many registrations at once', async () => {
    const email = someAddress();
    const answers = await Promise.all(Array.from({ length: 20 }, () => auth.register(email)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    const events = await system.sql`
      select 1 from account_events where event ->> 'email' = ${email}`;
    expect(events).toHaveLength(1);
  });

  it.each([
    'fourteen chars',
    'a'.repeat(20),
    'x'.repeat(128) + 'y'.repeat(129),
    'my address is reader@example.test',
    'the name of Ada Lovelace is in here',
  ])('refuses the password %j and says why', async (password) => {
    const answer = await auth.register('reader@example.test', password, 'Ada Lovelace');
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
    expect(answer.body.issues[0].path).toBe('password');
    expect(JSON.stringify(answer.body)).not.toContain(password);
  });

  it.each([
    'a@b.test,c@d.test',
    'Ada <a@b.test>',
    'a@b@c.test',
    'a\u0000@b.test',
    'a\u202e@b.test',
    '@b.test',
  ])('refuses the address %j', async (email) => {
    const answer = await auth.register(email);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
  });

  it('counts code points, and takes composed and decomposed spellings for one password', async () => {
    const email = someAddress();
    const password = 'Cafe\u0301 Ko\u0308niginstra\u00dfe 7 \u{1f3f0}\u{1f3f0}';
    expect((await auth.register(email, password)).status).toBe(201);
    await auth.logIn(email, password.normalize('NFC'));
    await auth.logIn(email, password.normalize('NFD'));
  });

  it('looks at all of a long password', async () => {
    const email = someAddress();
    const stem = 'q7'.repeat(60);
    await auth.register(email, `${stem}-one-ending`);
    await expect(auth.logIn(email, `${stem}-two-ending`)).rejects.toThrow('401');
    await auth.logIn(email, `${stem}-one-ending`);
  });
});

describe('what takes an address alone', () => {
  it.each(['/v1/password/forgot', '/v1/email/resend'])(
    'answers alike for every address: %s',
    async (path) => {
      const known = (await auth.newcomer()).email;
      const disabled = (await auth.newcomer()).email;
      await system.sql`update users set status = 'disabled' where email_key = ${disabled}`;
      const ask = async (email: string) =>
        comparable(await auth.call('POST', path, { body: { email } }));
      const [first, ...rest] = [
        await ask(someAddress()),
        await ask(known),
        await ask(known.toUpperCase()),
        await ask(disabled),
        await ask(ADMIN.email),
      ];
      expect(first).toMatchObject({ status: 200, body: { status: 'accepted' } });
      for (const other of rest) expect(other).toEqual(first);
    },
  );
});

describe('logging in', () => {
  it('answers alike for every reason to refuse', async () => {
    const known = (await auth.newcomer()).email;
    const disabled = (await auth.newcomer()).email;
    await system.sql`update users set status = 'disabled' where email_key = ${disabled}`;
    const answers = [
      await tryLogIn(known, 'not the right password'),
      await tryLogIn(someAddress(), PASSWORD),
      await tryLogIn(disabled, PASSWORD),
      await tryLogIn('not an address', PASSWORD),
      await tryLogIn("' or true --@example.test", PASSWORD),
    ];
    const [first, ...rest] = answers.map(comparable);
    expect(first).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } });
    for (const other of rest) expect(other).toEqual(first);
  });

  it('takes a form as well', async () => {
    const { email } = await auth.newcomer();
    const { status, body } = await auth.call('POST', '/v1/login', {
      form: { username: email, password: PASSWORD },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 600 });
  });

  it('puts into the token what product promises, and nothing personal', async () => {
    const user = await auth.newcomer();
    const [header, payload] = user.access_token
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
    expect(Object.keys(header).toSorted()).toEqual(['alg', 'kid', 'typ']);
    expect(header).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
    expect(Object.keys(payload).toSorted()).toEqual(
      'amr aud auth_time cgen client_id exp gen iat igen iss jti roles sid sub'.split(' '),
    );
    expect(payload.exp - payload.iat).toBe(600);
    expect(JSON.stringify(payload)).not.toContain(user.email);
  });

  it('leaves no session that outlives a disable, a deletion or "everywhere" it raced', async () => {
    const actor = await system.idOf(ADMIN.email);
    const machine = await auth.machineToken();
    for (let round = 0; round < 30; round += 1) {
      const user = await auth.newcomer();
      const id = await system.idOf(user.email);
      const verb = ['disable', 'remove', 'logout'][round % 3];
      const [raced] = await Promise.all([
        tryLogIn(user.email, PASSWORD),
        new Promise((resolve) => setTimeout(resolve, round)).then(() =>
          auth.machine(`accounts.${verb}`, { user_id: id, actor, wait: 0 }, machine),
        ),
      ]);
      const open = await system.sql`
        select s.id from sessions s join users u on u.id = s.user_id
        where u.id = ${id} and s.ended_at is null and u.status <> 'active'`;
      expect(open).toHaveLength(0);
      if (raced.status === 200 && verb !== 'logout') {
        expect(await auth.accepts(raced.body.access_token)).toBe(false);
      }
      expect(await auth.accepts(user.access_token)).toBe(false);
    }
  }, 60_000);

  it('waits for the owner of the address where that is required, and does not say so', async () => {
    const strict = await system.start({ PORTCULLIS_REQUIRE_VERIFIED_EMAIL: 'true' });
    const { email } = await auth.newcomer();
    await expect(strict.logIn(email)).rejects.toThrow('401 invalid_credentials');
    await strict.logIn(ADMIN.email, ADMIN.password);
  });

  it('hashes again at a login when the configured parameters differ, stronger or weaker', async () => {
    const { email } = await auth.newcomer();
    const stronger = await system.start({ PORTCULLIS_ARGON2: 'm=32768,t=3,p=1' });
    const parameters = async () => {
      const [row] = await system.sql`select password_hash from users where email_key = ${email}`;
      return /m=\d+,t=\d+,p=\d+/.exec(row?.['password_hash'])?.[0];
    };
    expect(await parameters()).toBe('m=19456,t=2,p=1');
    await expect(stronger.logIn(email, 'not the right password')).rejects.toThrow('401');
    expect(await parameters()).toBe('m=19456,t=2,p=1');
    await stronger.logIn(email);
    expect(await parameters()).toBe('m=32768,t=3,p=1');
    await auth.logIn(email);
    expect(await parameters()).toBe('m=19456,t=2,p=1');
    await stronger.logIn(email);
  });

  it('renews a hash of older parameters', async () => {
    const { email } = await auth.newcomer();
    const weak = await hash(PASSWORD, { memoryCost: 8_192 });
    await system.sql`update users set password_hash = ${weak} where email_key = ${email}`;
    await auth.logIn(email);
    const [row] = await system.sql`select password_hash from users where email_key = ${email}`;
    expect(row?.['password_hash']).toMatch(/m=19456,t=2,p=1/);
    await auth.logIn(email);
  });

  it('is counted and audited', async () => {
    const user = await auth.newcomer();
    const audited = await system.sql`
      select actor_id, o.address from audit_log a
      left join audit_origins o on o.commitment = a.address
      where action = 'session.logged-in' and target_id = ${user.session_id}`;
    expect(audited).toEqual([{ actor_id: await system.idOf(user.email), address: '127.0.0.1' }]);
    const metrics = await (await fetch(`${auth.url}/metrics`)).text();
    expect(metrics).toMatch(/portcullis_auth_logins_total\{outcome="succeeded".*\} [1-9]/);
  });
});
