/** Verification makes no network call; and without word from the issuer it ends in time. */
import {
  SOURCE_RUNNER,
  startSystem,
  startTcpProxy,
  type TcpProxy,
  type TestSystem,
} from '@portcullis/testbed';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { codeOf, get, logIn, refresh, register, statusOf, type Tokens } from './calls.ts';

const S = 12_000;
const DISTINCT = 500;
/** `PING` and its line end, some of them. */
const KEEP_ALIVE_BYTES = 24;

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

const verified = z.object({ counts: z.record(z.string(), z.number()), grants: z.number() });

async function verify(list: string[]) {
  return verified.parse(await tell({ do: 'verify', tokens: list }));
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

    // In slices, since a renewal, which is of no token, may fall into any of them: it is asked for in
    // one, answered in the next and counted in the one after. Slices near to one are not looked at.
    const slices: { moved: number[]; grants: number }[] = [];
    const clean = (): number[][] =>
      slices
        .filter(({ grants }, at) => [-1, 1, 2, 3].every((n) => slices[at + n]?.grants === grants))
        .map(({ moved }) => moved);
    while (clean().length < 10_000 / DISTINCT) {
      const before = traffic();
      expect(before.every((count) => count > 0)).toBe(true); // the proxies were in the way at all
      const { counts, grants } = await verify(list);
      const moved = traffic().map((count, index) => count - (before[index] ?? 0));
      expect(counts).toEqual({ accepted: DISTINCT });
      slices.push({ moved, grants });
    }
    // The server may ask whether the link is alive, which is no business of a token's either.
    expect(Math.max(...clean().flat())).toBeLessThanOrEqual(KEEP_ALIVE_BYTES);
    const quiet = clean().filter((moved) => moved.every((count) => count === 0)).length;
    console.log(`${quiet} of ${clean().length} slices of ${DISTINCT} tokens moved not a byte`);
    expect(quiet).toBeGreaterThan(clean().length / 2);
  });

  it('goes on accepting without auth for less than S, and refuses with 503 after that', async () => {
    const me = `${system.user.url}/v1/me`;
    expect(await statusOf(get(me, session.access_token))).toBe(200);
    system.auth.kill('SIGKILL');
    await system.auth.process.exited;
    const away = performance.now();

    expect(await statusOf(get(me, session.access_token))).toBe(200);
    expect((await verify(Array(10).fill(session.access_token))).counts).toEqual({ accepted: 10 });

    await sleep(S + 100);
    expect(performance.now() - away).toBeGreaterThan(S);
    const refused = await get(me, session.access_token);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await codeOf(refused)).toBe('verifier_stale');
    expect((await verify(Array(10).fill(session.access_token))).counts).toEqual({
      verifier_stale: 10,
    });

    await system.auth.restart();
    await expect
      .poll(async () => await statusOf(get(me, session.access_token)), { timeout: 10_000 })
      .toBe(200);
  });
});
