/** Which kinds of revocations a verifier reads: said when the issuer does not know, and to no issuer of before. */
import { REVOCATION_KIND_NAMES, type GrantRequest } from '@portcullis/contracts';
import { grantRequest } from '@portcullis/contracts/schemas';
import { MemoryRevocations } from '@portcullis/testkit';
import { beforeEach, expect, it } from 'vitest';
import type { RevocationFeed } from '../src/revocation/feed.ts';
import { Ledger } from '../src/revocation/ledger.ts';
import { Replica } from '../src/revocation/replica.ts';
import { SimulatedClock } from './simulated-clock.ts';

const S = 3_000;
let clock: SimulatedClock;
let asked: GrantRequest[];

beforeEach(() => {
  clock = new SimulatedClock();
  asked = [];
});

/** @param instances of auth, asked in turn; one of before knows no `kinds`, and takes no question with it */
async function running(instances: readonly ('before' | 'present')[]): Promise<Replica> {
  const log = new MemoryRevocations(() => Math.floor(clock.wall()));
  log.maxStalenessMs = S;
  const honest = log.feed();
  let known = false;
  const feed: RevocationFeed = {
    ...honest,
    async request(request, timeoutMs) {
      const instance = instances[asked.length % instances.length];
      asked.push(grantRequest.parse(request));
      const bytes = await honest.request(request, timeoutMs);
      if (instance === 'before') {
        if (request.kinds === undefined) return bytes;
        await new Promise<void>((passed) => clock.after(timeoutMs, passed));
        throw new Error('not answered');
      }
      known ||= request.kinds !== undefined;
      if (known) return bytes;
      const reply: unknown = JSON.parse(new TextDecoder().decode(bytes));
      return new TextEncoder().encode(
        JSON.stringify(Object.assign(reply ?? {}, { kinds_unknown: true })),
      );
    },
  };
  const replica = new Replica({
    service: 'test',
    policy: 'reject',
    feed,
    ledger: new Ledger(),
    clock,
    random: () => 0.5,
  });
  await replica.start();
  await clock.pass(10);
  return replica;
}

const said = () => asked.map(({ kinds }) => kinds);

it('says them once, right after the first answer, which makes it fresh already', async () => {
  const replica = await running(['present']);
  expect(replica.state).toBe('LIVE');
  expect(said()).toEqual([undefined, REVOCATION_KIND_NAMES]);
  await clock.pass(3 * S);
  expect(said().slice(2).length).toBeGreaterThan(5);
  expect(said().slice(2)).toEqual(
    said()
      .slice(2)
      .map(() => undefined),
  );
});

it('says nothing to an issuer of before', async () => {
  const replica = await running(['before']);
  await clock.pass(3 * S);
  expect(replica.state).toBe('LIVE');
  expect(said()).toEqual(asked.map(() => undefined));
});

it('stays fresh between instances of before and of now, and is known in the end', async () => {
  const replica = await running(['present', 'before', 'before', 'present', 'present']);
  for (let ms = 0; ms < 10 * S; ms += 50) {
    await clock.pass(50);
    expect(replica.state).toBe('LIVE');
  }
  expect(said().at(-1)).toBeUndefined();
  expect(said().some((kinds) => kinds !== undefined)).toBe(true);
});
