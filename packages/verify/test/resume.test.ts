/** A grant in several answers, cut among events that have no position yet. */
import { newId, type EventId, type GrantRequest } from '@portcullis/contracts';
import { MemoryRevocations } from '@portcullis/testkit';
import { beforeEach, expect, it } from 'vitest';
import type { RevocationFeed } from '../src/revocation/feed.ts';
import { Ledger } from '../src/revocation/ledger.ts';
import { Replica } from '../src/revocation/replica.ts';
import { SimulatedClock } from './simulated-clock.ts';

const S = 3_000;
let clock: SimulatedClock;
let log: MemoryRevocations;
let asked: GrantRequest[];
/** What is to be answered to each further question; then everything is whole. */
let cuts: EventId[];
/** What each answer takes. */
let answerTakes: number;
let isSilentAfterCut: boolean;

beforeEach(() => {
  clock = new SimulatedClock();
  log = new MemoryRevocations(() => Math.floor(clock.wall()));
  log.maxStalenessMs = S;
  asked = [];
  cuts = [];
  answerTakes = 0;
  isSilentAfterCut = false;
});

async function running(): Promise<Replica> {
  const honest = log.feed();
  const feed: RevocationFeed = {
    ...honest,
    async request(request, timeoutMs) {
      asked.push(request);
      const cut = cuts.shift();
      const bytes = await honest.request(request, timeoutMs);
      if (answerTakes > 0) await new Promise<void>((done) => clock.after(answerTakes, done));
      if (cut === undefined) return bytes;
      if (isSilentAfterCut) log.answers = false;
      const reply: unknown = JSON.parse(new TextDecoder().decode(bytes));
      return new TextEncoder().encode(
        JSON.stringify(Object.assign(reply ?? {}, { complete: false, resume: cut })),
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

it('goes on from where each answer was cut, at once, and then starts from the beginning', async () => {
  const [one, two] = [newId('evt'), newId('evt')];
  cuts = [one, two];
  const replica = await running();
  expect(replica.state).toBe('LIVE');
  expect(asked.map(({ resume }) => resume)).toEqual([undefined, one, two]);
  await clock.pass(S);
  expect(asked.at(-1)?.resume).toBeUndefined();
});

it('is worth no more than what is left since its first question', async () => {
  cuts = [newId('evt'), newId('evt')];
  answerTakes = 300;
  const replica = await running();
  await clock.pass(910);
  expect(replica.state).toBe('LIVE');
  expect(replica.freshnessLeftMs).toBeLessThanOrEqual(S - 900);
});

it('makes nothing fresh as long as it is cut', async () => {
  const further = newId('evt');
  cuts.shift = () => further;
  answerTakes = 1;
  const replica = await running();
  await clock.pass(20);
  expect(replica.state).toBe('SYNCING');
});

it('asks again from there when a question on the way is not answered, while that is worth anything', async () => {
  const replica = await running();
  const further = newId('evt');
  cuts = [further];
  isSilentAfterCut = true;
  const before = asked.length;
  await clock.pass(S / 3 + S);
  const resumes = asked.slice(before).map(({ resume }) => resume);
  expect(resumes.slice(0, 3)).toEqual([undefined, further, further]);
  expect(resumes.at(-1)).toBeUndefined();
  log.answers = true;
  await clock.pass(S / 3);
  expect(replica.state).toBe('LIVE');
});
