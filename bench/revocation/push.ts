/**
 * From a commit to its effect in another process: ours, the bus alone, and a deny list in Redis.
 *
 * All three in the same two processes, in turns, each after a commit in PostgreSQL, and each timed from
 * the turn in which that commit was answered. Ours ends when the verifier has the revocation in its
 * ledger, and refuses the token when asked next, which it is. The bus ends when its subscriber is
 * called. Redis ends when the key is in the subscriber's set.
 */
import { newId } from '@portcullis/contracts';
import { sessionId } from '@portcullis/contracts/schemas';
import { Worker } from '@portcullis/testbed';
import { createTestIssuer } from '@portcullis/testkit';
import { z } from 'zod';
import type { RunOptions } from '../benchmark.ts';
import { quantile, shuffled } from '../distribution.ts';
import { tableOf } from '../table.ts';
import { createStage } from './stage.ts';
import type { VerifyingQuestion, VerifyingSettings } from './verifying-questions.ts';

const WAYS = ['portcullis', 'bus', 'redis'] as const;
type Way = (typeof WAYS)[number];
const ROUNDS = 1_500;
const WARM_UP = 200;

export async function benchPush({ short }: RunOptions): Promise<void> {
  const rounds = short ? 50 : ROUNDS;
  await using stage = await createStage();
  await using issuer = await createTestIssuer();
  const { bed } = stage;
  const common = {
    prefix: bed.prefix,
    natsUrl: stage.natsUrl,
    redisUrl: stage.redisUrl,
  };
  await using committer = await Worker.start({
    entry: 'apps/auth/bench/committing-process.ts',
    settings: { ...common, databaseUrl: bed.databaseUrls.auth },
  });
  const { issuer: url, audience } = issuer;
  const settings: VerifyingSettings = { ...common, issuer: url, audience, service: 'bench' };
  await using verifier = await Worker.start({
    entry: 'bench/revocation/verifying-process.ts',
    settings,
  });
  const ask = async (question: VerifyingQuestion): Promise<unknown> => await verifier.ask(question);

  /** @returns milliseconds from the commit to its effect */
  const once: Record<Way, () => Promise<number>> = {
    async portcullis() {
      const key = newId('ses');
      const token = await issuer.mint({ sid: key });
      expect(await ask({ what: 'verdict', of: token }), 'accepted');
      const took = await time('portcullis', key);
      expect(await ask({ what: 'verdict', of: token }), 'invalid_token');
      return took;
    },
    bus: async () => await time('bus', newId('ses')),
    async redis() {
      const key = newId('ses');
      const took = await time('redis', key);
      expect(await ask({ what: 'denied', of: key }), true);
      return took;
    },
  };
  async function time(by: Way, key: string): Promise<number> {
    const committed = z.number().parse(await committer.ask({ by, key: sessionId.parse(key) }));
    return z.number().parse(await ask({ what: 'heard', of: by })) - committed;
  }

  const times: Record<Way, number[]> = { portcullis: [], bus: [], redis: [] };
  for (let round = -WARM_UP; round < rounds; round += 1) {
    for (const way of shuffled(WAYS)) {
      const took = await once[way]();
      if (round >= 0) times[way].push(took);
    }
  }
  const figure = (name: string, part: number, timesFirst: number) => ({
    name,
    unit: 'ms',
    ours: quantile(times.portcullis, part),
    theirs: [quantile(times.bus, part), quantile(times.redis, part)],
    target: { timesFirst },
  });
  console.log(`\n  from the commit to its effect at a verifier, ${rounds} in turns`);
  console.log(
    tableOf(
      ['refused', 'core publish → subscribe', 'Redis deny list'],
      [figure('p50', 0.5, 2), figure('p99', 0.99, 3)],
    ),
  );
}

function expect(found: unknown, wanted: unknown): void {
  if (found !== wanted) throw new Error(`${String(found)} instead of ${String(wanted)}`);
}
