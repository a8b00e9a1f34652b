/** What is wrong with keys, the log and the bus. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { until, type Cause, type Scene } from './cause.ts';
import { logIn } from '../everyday.ts';
import { insertFiller } from '../../faults/cases/filler-rows.ts';
import { subscribedTo } from '../../faults/cases/subjects-heard.ts';
import { goBack, headOf, placesOf } from '../../faults/stage/log-position.ts';
import { ask } from '../../faults/traffic/ask.ts';

/** Each way: more than the second that the alert allows. Milliseconds. */
const SLOW_NATS_MS = 1_500;
/** By so much the log goes back. */
const LOST = 1_000;
/** For the verifiers to come as far as the log. Milliseconds. */
const COMING_MS = 30_000;
const POLL_MS = 100;
/** Again and again, since a verifier may be about to subscribe. Milliseconds. */
const PUBLISHED_MS = 500;

const header = z.object({ kid: z.string() });

export const OF_REVOCATION: readonly Cause[] = [
  {
    name: 'the way to NATS is slow',
    alerts: ['PortcullisRevocationSlow'],
    async strike({ stage: { verifiers }, signal }) {
      verifiers[0]?.nats.delay(SLOW_NATS_MS);
      await until(signal);
      verifiers[0]?.nats.delay(0);
    },
  },
  {
    name: 'a verifier starts while the key set is unavailable',
    alerts: ['PortcullisKeySetOld'],
    async strike({ stage, signal }) {
      const service = stage.verifiers[0]?.service;
      stage.keySet.cut();
      await service?.stop();
      await service?.restart('alive');
      await until(signal);
      stage.keySet.mend();
    },
  },
  {
    name: 'an auth without Postgres publishes a key that was killed',
    alerts: ['PortcullisKilledKeyPublished'],
    strike: publishKilledKey,
  },
  { name: 'the log goes back', alerts: ['PortcullisLogWentBack'], strike: loseCommits },
  {
    name: 'NATS denies subscriptions',
    alerts: ['PortcullisBusDenies'],
    async strike({ stage: { nats, subjects }, signal }) {
      await nats.changeServiceUser({ denied: subscribedTo(subjects) });
      await until(signal);
      await nats.changeServiceUser({});
    },
  },
  {
    name: 'malformed messages are published',
    alerts: ['PortcullisMessagesMalformed'],
    async strike({ stage, signal }) {
      await stage.onBus(async (bus) => {
        while (!signal.aborted) {
          bus.publish(stage.subjects.pushes, '{"version":1,"kind":"session"}');
          await sleep(PUBLISHED_MS);
        }
      });
    },
  },
];

/** The instance at the issuer's address has read its keys before, and hears of nothing since. */
async function publishKilledKey({ stage, signal }: Scene): Promise<void> {
  const [first, second] = stage.instances;
  const verifier = stage.verifiers[0]?.service;
  const admin = stage.verifiers.at(-1)?.url.replace('/v1/users', '');
  const token = (await logIn(first.service.url, first.service.administrator))?.access_token;
  if (token === undefined) throw new Error('the administrator cannot log in');
  const { kid } = header.parse(
    JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()),
  );
  second.postgres.cut();
  stage.balancer.remove(second.service.port);
  stage.keySet.remove(first.service.port);
  const killed = await ask(`${admin}/v1/keys/${kid}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${token}` },
  });
  if (killed.status !== 200)
    throw new Error(`the key is not killed: ${killed.status} ${killed.detail}`);
  await verifier?.stop();
  await verifier?.restart('alive');
  await until(signal);
  second.postgres.mend();
  stage.keySet.add(first.service.port);
  stage.balancer.add(second.service.port);
  // It fetches the set every five minutes: this one now.
  await verifier?.stop();
  await verifier?.restart();
}

async function loseCommits({ stage, signal }: Scene): Promise<void> {
  const before = await headOf(stage);
  await insertFiller(stage, LOST);
  const deadline = performance.now() + COMING_MS;
  while (!(await placesOf(stage)).every(({ position }) => position >= before + LOST)) {
    if (performance.now() > deadline)
      throw new Error('the verifiers do not come as far as the log');
    await sleep(POLL_MS);
  }
  await goBack(stage, before);
  await until(signal);
}
