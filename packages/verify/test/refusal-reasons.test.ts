/**
 * Why a token did not let its request in: each reason of the table is reached by a verifier or a guard, with the code
 * that the table says, and counted by the verifier; and the table of docs/reference.md is this one.
 */
import {
  newId,
  Refusal,
  tokenCookieNames,
  type KeyId,
  type RevocationKind,
} from '@portcullis/contracts';
import { REFUSAL_REASONS } from '@portcullis/contracts/refusal-reasons';
import { ProofMaker } from '@portcullis/testbed/dpop-proofs';
import { createTestIssuer, revocationsOf, type TestIssuer } from '@portcullis/testkit';
import { calculateJwkThumbprint } from 'jose';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import {
  createDpopNonces,
  createGuard,
  type GuardOptions,
  type TokenCheck,
} from '../src/guard/index.ts';
import {
  createVerifier,
  systemClock,
  type Possession,
  type RefusalReason,
  type RefusalReport,
  type Verifier,
  type VerifierOptions,
} from '../src/index.ts';
import { PossessionGuard } from '../src/proof/possession.ts';

interface World {
  issuer: TestIssuer;
  /** Which it publishes still. */
  formerKey: KeyId;
  verifier: Verifier;
  reports: RefusalReport[];
  /** Lets S go by, without an answer of the issuer. */
  fallSilent: () => void;
}

const made: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of made.splice(0).toReversed()) await each[Symbol.asyncDispose]();
});

/** @param answers whether the issuer gives a first grant, which is waited for */
async function start(options: Partial<VerifierOptions> = {}, answers = true): Promise<World> {
  const issuer = await createTestIssuer();
  const formerKey = issuer.kid;
  await issuer.rotate();
  issuer.revocations.answers = answers;
  let later = 0;
  const reports: RefusalReport[] = [];
  const verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: issuer.revocations.feed(),
    onProblem: () => undefined,
    onRefusals: (report) => reports.push(report),
    clock: {
      monotonic: () => systemClock.monotonic() + later,
      wall: () => systemClock.wall() + later,
      after: (milliseconds, callback) => systemClock.after(milliseconds, callback),
    },
    ...options,
  });
  made.push(issuer, verifier);
  if (answers) await verifier.ready();
  const fallSilent = () => {
    issuer.revocations.answers = false;
    later += issuer.revocations.maxStalenessMs + 1;
  };
  return { issuer, formerKey, verifier, reports, fallSilent };
}

async function refusalOf(work: () => unknown): Promise<Refusal> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const now = (): number => Math.floor(Date.now() / 1_000);
const URL_OF_REQUEST = 'https://api.test/orders';
const proofs = new ProofMaker();
const jkt = await calculateJwkThumbprint(proofs.jwk('ES256'));

const proved = (...by: string[]): Possession => ({
  proofs: by,
  method: 'GET',
  urls: [URL_OF_REQUEST],
});
const goodProof = (token: string): string =>
  proofs.make({ method: 'GET', url: URL_OF_REQUEST, token, now: now() });

interface Reached {
  refusal: Refusal;
  /** What has counted it; undefined: a part by itself. */
  by: World | undefined;
}
type Case = () => Promise<Reached>;

/** Refused by a verifier. */
const token =
  (
    make: (world: World) => Promise<string> | string,
    options: Partial<VerifierOptions> = {},
    answers = true,
  ): Case =>
  async () => {
    const by = await start(options, answers);
    const text = await make(by);
    return { refusal: await refusalOf(() => by.verifier.verify(text)), by };
  };

/** Refused by a guard. */
const request =
  (
    options: GuardOptions,
    headersOf: (world: World) => Promise<Record<string, string | string[]>>,
  ): Case =>
  async () => {
    const by = await start();
    const guard = createGuard(by.verifier, options);
    const headers = await headersOf(by);
    const asked = { method: 'GET', url: '/orders', headers };
    return { refusal: await refusalOf(() => guard.authenticate(asked)), by };
  };

const bearer = async (minted: Promise<string>) => ({ authorization: `Bearer ${await minted}` });

const revoked =
  (kind: RevocationKind): Case =>
  async () => {
    const by = await start();
    const cases = await revocationsOf(by.issuer, by.formerKey);
    const own = cases.find((each) => each.kind === kind);
    if (own === undefined) throw new Error(`there is none of ${kind}`);
    await by.verifier.verify(own.token);
    by.issuer.revocations.revoke(own.revocation);
    return { refusal: await refusalOf(() => by.verifier.verify(own.token)), by };
  };

const header = (issuer: TestIssuer, changes: object): string =>
  JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: issuer.kid, ...changes });

const payloadOf = (text: string): Buffer => Buffer.from(text.split('.')[1] ?? '', 'base64url');

/** A reason without a case does not compile. */
const CASES: Readonly<Record<RefusalReason, Case>> = {
  no_token: request({}, async () => ({})),
  several_tokens: request({}, async () => ({ authorization: ['Bearer a.b.c', 'Bearer a.b.c'] })),
  cross_site: request({ cookies: {} }, async ({ issuer }) => ({
    cookie: `${tokenCookieNames(false).access}=${await issuer.mint()}`,
    'sec-fetch-site': 'cross-site',
    host: 'api.test',
  })),
  token_malformed: token(() => 'a.b.c'),
  header_refused: token(({ issuer }) => issuer.mint({}, { header: { jku: 'https://a.test' } })),
  algorithm_refused: token(({ issuer }) =>
    issuer.signRaw(header(issuer, { alg: 'HS256' }), JSON.stringify({})),
  ),
  not_an_access_token: token(({ issuer }) => issuer.mint({}, { header: { typ: 'JWT' } })),
  other_issuer: token(({ issuer }) => issuer.mint({ iss: `${issuer.issuer}/` })),
  claims_malformed: token(({ issuer }) => issuer.mint({ amr: [] })),
  other_audience: token(({ issuer }) => issuer.mint({ aud: 'urn:other' })),
  life_out_of_bounds: token(({ issuer }) => issuer.mint(), { maxTokenLifeSeconds: 60 }),
  key_unknown: token(async ({ issuer }) =>
    issuer.signRaw(header(issuer, { kid: newId('key') }), payloadOf(await issuer.mint())),
  ),
  key_killed: revoked('key'),
  key_set_unavailable: token(
    ({ issuer }) => issuer.mint(),
    {
      fetch: () => Promise.reject(new Error('no way there')),
    },
    false,
  ),
  signature_wrong: token(async ({ issuer }) => {
    const [one, other] = [await issuer.mint(), await issuer.mint()];
    return one.slice(0, one.lastIndexOf('.')) + other.slice(other.lastIndexOf('.'));
  }),
  expired: token(({ issuer }) =>
    issuer.mint({ iat: now() - 700, exp: now() - 100, auth_time: now() - 700 }),
  ),
  not_valid_yet: token(({ issuer }) => issuer.mint({ iat: now() + 300, exp: now() + 900 })),
  session_revoked: revoked('session'),
  token_revoked: revoked('token'),
  subject_revoked: revoked('subject'),
  client_revoked: revoked('client'),
  client_subject_revoked: revoked('client_subject'),
  issuer_revoked: revoked('issuer'),
  claims_changed: revoked('claims_changed'),
  not_ready: token(({ issuer }) => issuer.mint(), {}, false),
  stale: token(({ issuer, fallSilent }) => {
    fallSilent();
    return issuer.mint();
  }),
  introspected_inactive: token(
    ({ issuer, fallSilent }) => {
      fallSilent();
      return issuer.mint();
    },
    { whenStale: { policy: 'introspect', introspect: async () => false } },
  ),
  introspection_failed: token(
    ({ issuer, fallSilent }) => {
      fallSilent();
      return issuer.mint();
    },
    { whenStale: { policy: 'introspect', introspect: () => Promise.reject(new Error('no way')) } },
  ),
  proof_missing: token(({ issuer }) => issuer.mint({ cnf: { jkt } })),
  not_bound: async () => {
    const by = await start();
    const text = await by.issuer.mint();
    const possession = proved(goodProof(text));
    return { refusal: await refusalOf(() => by.verifier.verify(text, { possession })), by };
  },
  proof_refused: async () => {
    const by = await start();
    const text = await by.issuer.mint({ cnf: { jkt } });
    const possession = proved(goodProof(`${text}x`));
    return { refusal: await refusalOf(() => by.verifier.verify(text, { possession })), by };
  },
  proof_used: async () => {
    const by = await start();
    const text = await by.issuer.mint({ cnf: { jkt } });
    const proof = goodProof(text);
    await by.verifier.verify(text, { possession: proved(proof) });
    const possession = proved(proof);
    return { refusal: await refusalOf(() => by.verifier.verify(text, { possession })), by };
  },
  proofs_full: async () => {
    const guard = new PossessionGuard(Date.now, 1);
    const check = (text: string) => guard.check(text, { cnf: { jkt } }, proved(goodProof(text)));
    check('one');
    return { refusal: await refusalOf(() => check('another')), by: undefined };
  },
  nonce_wanted: request(
    { nonces: createDpopNonces(randomBytes(32)), publicUrls: ['https://api.test'] },
    async ({ issuer }) => {
      const text = await issuer.mint({ cnf: { jkt } });
      return { authorization: `DPoP ${text}`, dpop: goodProof(text) };
    },
  ),
  other_caller: request({ require: 'client' }, ({ issuer }) => bearer(issuer.mint())),
  permission_missing: request({ require: { permission: 'users:read' } }, ({ issuer }) =>
    bearer(issuer.mint()),
  ),
  scope_missing: request({ require: { scope: 'orders:read' } }, ({ issuer }) =>
    bearer(issuer.mintMachine({ scope: 'orders:write' })),
  ),
  roles_unknown: async () => {
    const by = await start();
    const verifier: TokenCheck = by.verifier;
    // The number of a mapping, without the mapping.
    by.issuer.revocations.access = { number: 1 };
    const isUnknown = () => verifier.access?.rolesAllow(['clerk'], 'orders:read') === undefined;
    await expect.poll(isUnknown, { interval: 10, timeout: 10_000 }).toBe(true);
    const guard = createGuard(verifier, { require: { permission: 'orders:read' } });
    const headers = await bearer(by.issuer.mint({ roles: ['clerk'] }));
    const asked = { method: 'GET', url: '/orders', headers };
    return { refusal: await refusalOf(() => guard.authenticate(asked)), by };
  },
  login_too_old: request({ login: { maxAgeSeconds: 60 } }, ({ issuer }) =>
    bearer(issuer.mint({ auth_time: now() - 3_600 })),
  ),
  login_too_weak: request({ login: { acr: ['urn:two'] } }, ({ issuer }) => bearer(issuer.mint())),
};

it.each(Object.entries(CASES))('%s is reached, and counted', async (reason, reach) => {
  const { refusal, by } = await reach();
  const { code } = REFUSAL_REASONS[reason as RefusalReason];
  expect([refusal.reason, refusal.code]).toEqual([reason, code]);
  // No client sees it.
  expect(JSON.stringify(refusal.toBody('req'))).not.toContain('reason');
  if (by === undefined) return;
  expect(by.verifier.stats().reasons).toEqual({ [reason]: 1 });
  expect(by.reports).toEqual([{ reason, count: 1 }]);
});

it('of each way to be refused for one reason', async () => {
  const { issuer, verifier } = await start();
  const at = now();
  const rows: [RefusalReason, string | Promise<string>][] = [
    ['token_malformed', ''],
    ['token_malformed', 'x'.repeat(9_000)],
    ['token_malformed', issuer.signRaw('{', '{}')],
    ['token_malformed', issuer.signRaw(header(issuer, {}), '[]')],
    ['token_malformed', 7 as never],
    ['header_refused', issuer.mint({}, { header: { kid: undefined } })],
    ['algorithm_refused', issuer.signRaw(header(issuer, { alg: 'none' }), '{}')],
    ['claims_malformed', issuer.mintMachine({ client_id: 'cli_another' as never })],
    ['life_out_of_bounds', issuer.mint({ iat: at, exp: at })],
    ['life_out_of_bounds', issuer.mint({ iat: at, exp: at + 60, nbf: at + 60 })],
    ['not_valid_yet', issuer.mint({ nbf: at + 300 })],
  ];
  for (const [reason, text] of rows) {
    const refusal = await refusalOf(async () => verifier.verify(await text));
    expect(refusal.reason).toBe(reason);
  }
  const guard = createGuard(verifier, { cookies: {}, require: { role: 'admin' } });
  const ask = (headers: Record<string, string>) =>
    refusalOf(() => guard.authenticate({ method: 'GET', url: '/', headers }));
  const good = await issuer.mint();
  expect(await ask({ authorization: 'Basic YTpi' })).toMatchObject({ reason: 'no_token' });
  const { access } = tokenCookieNames(false);
  const own = { 'sec-fetch-site': 'same-origin', host: 'api.test' };
  const both = { ...own, cookie: `${access}=${good}`, authorization: 'Bearer a.b.c' };
  expect(await ask(both)).toMatchObject({ reason: 'several_tokens' });
  const twice = { ...own, cookie: `${access}=${good}; ${access}=${good}` };
  expect(await ask(twice)).toMatchObject({ reason: 'several_tokens' });
  const plain = { authorization: `Bearer ${good}` };
  expect(await ask(plain)).toMatchObject({ reason: 'permission_missing' });
  const narrowed = {
    authorization: `Bearer ${await issuer.mint({ roles: ['admin'], scope: 'users:read' })}`,
  };
  expect(await ask(narrowed)).toMatchObject({ reason: 'scope_missing' });
  const machine = { authorization: `Bearer ${await issuer.mintMachine()}` };
  expect(await ask(machine)).toMatchObject({ reason: 'other_caller' });
});

it('what was open when its token ended gets the reason', async () => {
  const { issuer, verifier, fallSilent } = await start();
  const sid = newId('ses');
  using ended = await verifier.watch(await issuer.mint({ sid }));
  using left = await verifier.watch(await issuer.mint());
  issuer.revocations.revoke({ kind: 'session', key: sid });
  expect(ended.signal.reason).toMatchObject({ code: 'invalid_token', reason: 'session_revoked' });
  fallSilent();
  expect(verifier.state).toBe('STALE');
  expect(left.signal.reason).toMatchObject({ code: 'verifier_stale', reason: 'stale' });
  await expect(verifier.watch('a.b.c')).rejects.toMatchObject({ reason: 'token_malformed' });
  expect(verifier.stats()).toMatchObject({ refused: 1, reasons: { token_malformed: 1 } });
});

it('a listener that throws has a defect of its own', async () => {
  const { verifier } = await start({
    onRefusals: () => {
      throw new Error('a defect');
    },
  });
  expect(await refusalOf(() => verifier.verify('a.b.c'))).toMatchObject({ code: 'invalid_token' });
  await expect(start({ onRefusals: 7 as never })).rejects.toThrow(TypeError);
});

it('a killed key is one, also in a token that nothing has seen', async () => {
  const { issuer, verifier, formerKey: kid } = await start();
  issuer.revocations.revoke({ kind: 'key', key: kid });
  const refusal = await refusalOf(async () => verifier.verify(await issuer.mint({}, { kid })));
  expect(refusal.reason).toBe('key_killed');
});

it('the table has 40 rows at most, each short enough for a line', () => {
  const reasons = Object.entries(REFUSAL_REASONS);
  expect(reasons.length).toBeLessThanOrEqual(40);
  for (const [reason, { next }] of reasons) {
    expect(reason).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(next.length, reason).toBeLessThanOrEqual(140);
  }
  expect(Object.keys(CASES).toSorted()).toEqual(Object.keys(REFUSAL_REASONS).toSorted());
});

it('docs/reference.md has this table', () => {
  const page = readFileSync(new URL('../../../docs/reference.md', import.meta.url), 'utf8');
  const [, table = ''] = /<!-- reasons -->([^]*)<!-- \/reasons -->/.exec(page) ?? [];
  const rows = table
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const expected = Object.entries(REFUSAL_REASONS).map(([reason, { code, next }]) => {
    const status = code === 'use_dpop_nonce' ? 401 : new Refusal(code).status;
    return [`\`${reason}\``, `${status} \`${code}\``, next];
  });
  expect(rows).toEqual(expected);
});
