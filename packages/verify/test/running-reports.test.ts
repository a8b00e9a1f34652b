/** What a verifier says of itself while it runs, where it has no listener: warnings of the process. */
import { defineConfig, type AccessRules } from '@portcullis/contracts';
import {
  createTestClock,
  createTestIssuer,
  type TestClock,
  type TestIssuer,
} from '@portcullis/testkit';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGuard } from '../src/guard/index.ts';
import {
  createVerifier,
  type Verifier,
  type VerifierOptions,
  type VerifierProblem,
} from '../src/index.ts';
import { textOfUndeclared } from '../src/set-up/undeclared-permission.ts';

const S = 600;
/** Until it is STALE once the issuer does not answer, and until it is LIVE once it does. */
const [STALE_MS, LIVE_MS] = [S + 100, 300];

let clock: TestClock;
let issuer: TestIssuer;
let warnings: string[];
const verifiers: Verifier[] = [];
const note = ({ message }: Error): void => {
  if (message.startsWith('portcullis: ')) warnings.push(message.replace('portcullis: ', ''));
};

// Loaded when it is needed first, which takes longer than the clock of these tests.
beforeAll(async () => await import('../src/set-up/running-texts.ts'));
beforeEach(async () => {
  warnings = [];
  process.on('warning', note);
  clock = createTestClock();
  issuer = await createTestIssuer({ clock });
  issuer.revocations.maxStalenessMs = S;
});
afterEach(async () => {
  for (const verifier of verifiers.splice(0)) await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
  process.off('warning', note);
});

async function started(options: Partial<VerifierOptions> = {}): Promise<Verifier> {
  const verifier = await createVerifier({
    ...issuer.verifierOptions(),
    service: 'orders',
    ...options,
  });
  verifiers.push(verifier);
  return verifier;
}

async function fallSilent(): Promise<void> {
  issuer.revocations.answers = false;
  await clock.advance(STALE_MS);
}

async function answerAgain(): Promise<void> {
  issuer.revocations.answers = true;
  await clock.advance(LIVE_MS);
}

describe('a verifier that goes stale', () => {
  it('says so once, with what it does and what to do, and once that it is over', async () => {
    const verifier = await started();
    await verifier.ready();
    await clock.advance(30_000);
    expect(warnings).toEqual([]);
    const began = new Date(clock.wall()).toISOString().slice(0, 15);
    await fallSilent();
    await expect(verifier.verify(await issuer.mint())).rejects.toThrow();
    await clock.advance(60_000);
    expect(warnings).toHaveLength(1);
    const [line] = warnings;
    expect(line).toMatch(
      /^the verifier of orders is STALE since \d{4}-\S+Z: auth vouches for noth/,
    );
    expect(line).toContain(`since ${began}`);
    expect(line).toContain('Until a grant comes, tokens are answered 503 verifier_stale.');
    expect(line).toContain('Fix: see that auth is ready');
    expect(line).not.toContain('\n');
    await answerAgain();
    await verifier.verify(await issuer.mint());
    await clock.advance(60_000);
    expect(warnings).toHaveLength(2);
    expect(warnings[1]).toMatch(/^the verifier of orders is LIVE again, after 60\.\d s$/);
  });

  it.each([
    [{ policy: 'accept', iAcceptRevokedTokens: true }, 'tokens are accepted although'],
    [{ policy: 'introspect', introspect: async () => true }, 'auth is asked about each token'],
  ] as const)('says what its policy does: %j', async (whenStale, effect) => {
    const verifier = await started({ whenStale });
    await verifier.ready();
    await fallSilent();
    await expect.poll(() => warnings).toEqual([expect.stringContaining(effect)]);
  });

  it('tells a listener instead, which knows the end by its mark', async () => {
    const problems: VerifierProblem[] = [];
    const verifier = await started({ onProblem: (problem) => void problems.push(problem) });
    await verifier.ready();
    await fallSilent();
    await answerAgain();
    await expect.poll(() => problems).toHaveLength(2);
    const reason = expect.any(String);
    expect(problems).toEqual([
      { of: 'freshness', reason },
      { of: 'freshness', reason, isOver: true },
    ]);
    expect(warnings).toEqual([]);
  });

  it('names another log, which it has to read anew', async () => {
    const verifier = await started();
    await verifier.ready();
    issuer.revocations.newEpoch();
    await clock.advance(STALE_MS);
    await expect.poll(() => warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/ is SYNCING since \S+: auth has another log of revocations/);
    expect(warnings[1]).toContain('is LIVE again');
  });

  it('says nothing of a start that takes its time, nor of its end', async () => {
    issuer.revocations.answers = false;
    const verifier = await started();
    await clock.advance(2_000);
    expect(verifier.state).toBe('SYNCING');
    await answerAgain();
    expect(verifier.state).toBe('LIVE');
    await verifier[Symbol.asyncDispose]();
    await clock.advance(20_000);
    expect(warnings).toEqual([]);
  });
});

describe('a verifier that is stale again and again', () => {
  it('has one pair of lines in ten seconds, and one with a count', async () => {
    const verifier = await started();
    await verifier.ready();
    for (let time = 0; time < 5; time += 1) {
      await fallSilent();
      await answerAgain();
    }
    expect(warnings.map((line) => / is \S+/.exec(line)?.[0])).toEqual([' is STALE', ' is LIVE']);
    await clock.advance(10_000);
    expect(warnings).toHaveLength(3);
    expect(warnings[2]).toMatch(/was not LIVE 4 more times within 10 s, for \S+ m?s together; it/);
    expect(warnings[2]).toContain('Fix: ');
    await clock.advance(60_000);
    expect(warnings).toHaveLength(3);
  });

  it('and stays so, says that when the ten seconds are over, with since when', async () => {
    const verifier = await started();
    await verifier.ready();
    for (let time = 0; time < 3; time += 1) {
      await fallSilent();
      await answerAgain();
    }
    await fallSilent();
    expect(warnings).toHaveLength(2);
    await clock.advance(60_000);
    expect(warnings).toHaveLength(3);
    expect(warnings[2]).toMatch(/is STALE since \S+Z, after 2 more times within 10 s, for /);
    await answerAgain();
    await clock.advance(60_000);
    expect(warnings).toHaveLength(4);
    expect(warnings[3]).toMatch(/is LIVE again, after [67]\d\.\d s/);
  });

  it('and closed, says no more', async () => {
    const verifier = await started();
    await verifier.ready();
    for (let time = 0; time < 2; time += 1) {
      await fallSilent();
      await answerAgain();
    }
    await verifier[Symbol.asyncDispose]();
    await clock.advance(60_000);
    expect(warnings).toHaveLength(2);
  });
});

describe('a permission that is declared nowhere', () => {
  const CONFIG = defineConfig({
    number: 1,
    permissions: ['shop:sell', 'shop:refund', 'orders:read'],
    roles: { clerk: ['shop:sell'] },
  });

  /** What a guard of plain JavaScript answers to the administrator, who has all that is declared. */
  async function status(verifier: Verifier, require: object, roles = ['admin']): Promise<number> {
    const guard = createGuard(verifier, JSON.parse(JSON.stringify({ require })));
    const token = await issuer.mint({ roles });
    const checked = await guard.check({ headers: { authorization: `Bearer ${token}` } });
    return checked.refusal?.status ?? 200;
  }

  it('is answered 403 as before, and named once, with the nearest and what to do', async () => {
    issuer.declare(CONFIG);
    const verifier = await started();
    await verifier.ready();
    for (let request = 0; request < 3; request += 1) {
      expect(await status(verifier, { permission: 'shop:sel' })).toBe(403);
    }
    expect(await status(verifier, { scope: 'user:read', users: true })).toBe(403);
    await expect.poll(() => warnings).toHaveLength(2);
    expect(warnings[0]).toBe(
      'the permission "shop:sel" is declared nowhere: no role carries it, and every user is refused (403); ' +
        'the nearest is shop:sell. Fix: mend the name, or declare it in portcullis.config.ts and run ' +
        'npm run config (docs/reference.md#roles-and-permissions-of-your-own)',
    );
    expect(warnings[1]).toMatch(/^the permission "user:read" .*; the nearest is users:read\. Fix/);
  });

  it('is not one that a user merely lacks, or that no role but admin carries', async () => {
    issuer.declare(CONFIG);
    const verifier = await started();
    await verifier.ready();
    for (const permission of ['shop:refund', 'orders:read', 'keys:write']) {
      expect(await status(verifier, { permission }, ['clerk'])).toBe(403);
    }
    expect(await status(verifier, { permission: 'shop:sell' }, ['clerk'])).toBe(200);
    await clock.advance(1_000);
    expect(warnings).toEqual([]);
  });

  it('is not named before it is known what is declared', async () => {
    issuer.declare(CONFIG);
    const known = issuer.revocations.access;
    issuer.revocations.access = { number: 1 };
    const verifier = await started();
    await verifier.ready();
    expect(await status(verifier, { permission: 'zebra' })).toBe(503);
    await clock.advance(1_000);
    expect(warnings).toEqual([]);
    issuer.revocations.access = known;
    await clock.advance(S);
    expect(await status(verifier, { permission: 'zebra' })).toBe(403);
    await expect.poll(() => warnings).toHaveLength(1);
    // Nothing is near it.
    expect(warnings[0]).toContain('every user is refused (403). Fix: ');
  });

  it('is named for 16 names at most: they may come from requests', async () => {
    issuer.declare(CONFIG);
    const verifier: Verifier<string, string> = await started();
    await verifier.ready();
    for (let at = 0; at < 100; at += 1) verifier.access.rolesAllow(['admin'], `made-up-${at}`);
    await clock.advance(1_000);
    expect(warnings).toHaveLength(16);
  });
});

describe('what comes after the end, or from a request', () => {
  it('is not told of a verifier that was closed while it was on its way', async () => {
    const told: VerifierProblem[] = [];
    const verifier = await started({ onProblem: (problem) => told.push(problem) });
    await verifier.ready();
    // What is told is on its way for a turn, and in a new process until the texts are loaded.
    (verifier.access as AccessRules<string, string>).rolesAllow(['admin'], 'orders:refnd');
    void verifier[Symbol.asyncDispose]();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told).toEqual([]);
  });

  it('speaks to no terminal', async () => {
    const verifier = await started();
    await verifier.ready();
    const [csi, line, turned] = ['\u009b', '\u2028', '\u202e'];
    const name: string = `a${csi}31m${line}${turned}`;
    (verifier.access as AccessRules<string, string>).rolesAllow(['admin'], name);
    await expect.poll(() => warnings.join()).toContain(String.raw`"a\u009b31m\u2028\u202e"`);
  });

  it('takes next to no time, however many permissions there are', () => {
    const declared = new Set(
      Array.from({ length: 256 }, (_, at) => `${'abcdefgh'.repeat(7)}:${at}`),
    );
    const text = textOfUndeclared('zyxw'.repeat(15), declared);
    expect(text).not.toContain('nearest');
    expect(textOfUndeclared(`${'abcdefgh'.repeat(7)}:2555`, declared)).toContain(':255');
  });
});
