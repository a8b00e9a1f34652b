/** Nonces of DPoP proofs (RFC 9449 section 8), as clients find their way to them over HTTP. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { testSeed } from '@portcullis/testbed';
import { expect, test } from 'vitest';
import { dpopFetch } from '../src/dpop.ts';

const ROUNDS = 20;
const CALLS = 12;

/** As `seededRandom` of the testkit. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function nonceOf({ headers }: IncomingMessage): unknown {
  const [, payload = ''] = String(headers['dpop']).split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()).nonce;
}

/**
 * Two servers below one origin, each with nonces of its own: `/auth` refuses as a token endpoint does, in a body that comes
 * some time after its headers, and every other one by a challenge.
 */
async function startGateway(random: () => number) {
  const refusals = { auth: 0, orders: 0 };
  const server = createServer((request, response) => {
    const name = request.url?.startsWith('/auth') === true ? 'auth' : 'orders';
    const isGood = nonceOf(request) === `of ${name}`;
    if (!isGood) refusals[name] += 1;
    const refusal = { 'dpop-nonce': `of ${name}`, 'content-type': 'application/json' };
    const answer = async (): Promise<void> => {
      await sleep(random() * 4);
      if (isGood) return void response.writeHead(200).end();
      const challenge = { 'www-authenticate': 'DPoP error="use_dpop_nonce"' };
      if (name === 'orders') response.writeHead(401, { ...refusal, ...challenge });
      else response.writeHead(400, refusal);
      response.flushHeaders();
      await sleep(random() * 4);
      response.end(JSON.stringify({ error: 'use_dpop_nonce' }));
    };
    void answer();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    refusals,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

test('two servers below one origin, each with nonces of its own: every call finds its way', async () => {
  const seed = testSeed();
  const random = randomOf(seed);
  const gateway = await startGateway(random);
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const send = dpopFetch(fetch, true);
      const call = async (): Promise<number> => {
        const name = random() < 0.5 ? 'auth' : 'orders';
        await sleep(random() * 6);
        const { status } = await send(`${gateway.url}/${name}`, { method: 'POST' });
        return status;
      };
      const statuses = await Promise.all(Array.from({ length: CALLS }, call));
      expect({ seed, round, statuses: [...new Set(statuses)] }).toEqual({
        seed,
        round,
        statuses: [200],
      });
    }
    // Both of them have asked for theirs.
    expect(Math.min(...Object.values(gateway.refusals))).toBeGreaterThan(0);
  } finally {
    await gateway[Symbol.asyncDispose]();
  }
}, 60_000);
