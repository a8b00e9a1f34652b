/** Verification makes no network call; and without word from the issuer it ends in time. */
import {
  SOURCE_RUNNER,
  startSystem,
  startTcpProxy,
  type TcpProxy,
  type TestSystem,
} from '@portcullis/testkit';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { codeOf, get, logIn, refresh, register, statusOf, type Tokens } from './calls.ts';

/** Long enough to verify 10,000 tokens between two renewals, on a busy machine too. */
const S = 12_000;
const DISTINCT = 500;
const TIMES = 20;
/** `PING` and its line end, and the answer to another. */
const KEEP_ALIVE_BYTES = 12;

let system: TestSystem;
let child: ChildProcess;
let bus: TcpProxy;
let keys: TcpProxy;
let session: Tokens;

beforeAll(async () => {
  system = await startSystem({ auth: { PORTCULLIS_MAX_STALENESS_MS: String(S) } });
  bus = system.bed.use(await startTcpProxy(system.bed.natsUrl));
  keys = system.bed.use(await startTcpProxy(system.auth.url));
  const nats = new URL(system.bed.natsUrl);
  child = fork(fileURLToPath(new URL('verifying-process.ts', import.meta.url)), {
    execArgv: [...SOURCE_RUNNER],
    env: {
      ...process.env,
      ISSUER: system.auth.issuer,
      JWKS_URL: `http://${keys.host}:${keys.port}/.well-known/jwks.json`,
      NATS_HOST: `${bus.host}:${bus.port}`,
      NATS_USER: decodeURIComponent(nats.username),
      NATS_PASSWORD: decodeURIComponent(nats.password),
      PREFIX: system.bed.prefix,
    },
  });
  await once(child, 'message');
}, 120_000);

afterAll(async () => {
  if (child.connected) {
    child.send({ do: 'close' });
    await once(child, 'exit');
  }
  await system[Symbol.asyncDispose]();
});

async function tell(order: Record<string, unknown>): Promise<unknown> {
  child.send(order);
  const [answer] = (await once(child, 'message')) as unknown[];
  return answer;
}

const verified = z.object({ counts: z.record(z.string(), z.number()), ms: z.number() });

async function verify(list: string[], times: number) {
  return verified.parse(await tell({ do: 'verify', tokens: list, times }));
}

function traffic(): number[] {
  return [bus, keys].flatMap((proxy) => [
    proxy.connections,
    proxy.bytesToServer,
    proxy.bytesToClient,
  ]);
}

describe('a verifying process', () => {
  it('opens no connection and moves no byte while it verifies 10,000 tokens', async () => {
    const account = await register(system.auth.url);
    session = await logIn(system.auth.url, account);
    const list: string[] = [];
    for (let i = 0; i < DISTINCT; i += 1) {
      session = await refresh(system.auth.url, session);
      list.push(session.access_token);
    }
    expect(new Set(list).size).toBe(DISTINCT);

    let quiet = false;
    for (let round = 0; round < 3 && !quiet; round += 1) {
      // Right after a renewal nothing is due, so that every byte would be of the verification.
      await tell({ do: 'wait for a grant' });
      const before = traffic();
      const { counts, ms } = await verify(list, TIMES);
      const moved = traffic().map((count, index) => count - (before[index] ?? 0));
      expect(counts).toEqual({ accepted: DISTINCT * TIMES });
      expect(before.every((count) => count > 0)).toBe(true); // the proxies were in the way at all
      console.log(
        `10,000 tokens in ${ms.toFixed(0)} ms; connections and bytes moved: ${moved.join(' ')}`,
      );
      // The server may ask whether the link is alive, which is no business of a token's.
      expect(moved.every((count) => count <= KEEP_ALIVE_BYTES)).toBe(true);
      quiet = moved.every((count) => count === 0);
    }
    expect(quiet).toBe(true);
  });

  it('goes on accepting while auth is away for less than S, and refuses with 503 after it', async () => {
    const me = `${system.user.url}/v1/me`;
    expect(await statusOf(get(me, session.access_token))).toBe(200);
    system.auth.kill('SIGKILL');
    await system.auth.process.exited;
    const away = performance.now();

    expect(await statusOf(get(me, session.access_token))).toBe(200);
    expect((await verify([session.access_token], 10)).counts).toEqual({ accepted: 10 });

    await sleep(S + 100);
    expect(performance.now() - away).toBeGreaterThan(S);
    const refused = await get(me, session.access_token);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await codeOf(refused)).toBe('verifier_stale');
    expect((await verify([session.access_token], 10)).counts).toEqual({ verifier_stale: 10 });

    await system.auth.restart();
    await expect
      .poll(async () => await statusOf(get(me, session.access_token)), { timeout: 10_000 })
      .toBe(200);
  });
});
