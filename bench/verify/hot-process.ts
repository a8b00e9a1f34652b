/** Verifies tokens that it has seen before, with all contenders in turns, and what they take. */
import { newId } from '@portcullis/contracts';
import { answerQuestions, settingsOfWorker } from '@portcullis/testkit';
import { costOf, inTurns, meanOf, type Cost } from '../rounds.ts';
import { atOnce, fastJwt, portcullis, portcullisByPromise, type Contender } from './contenders.ts';
import { hotSettings, type HotResult } from './hot-settings.ts';
import { issueTokens, type IssuedTokens } from './issued-tokens.ts';
import { createVerifyingStage, type VerifyingStage } from './verifying-stage.ts';

const settings = hotSettings.parse(settingsOfWorker());
const gc = globalThis.gc;
if (gc === undefined) throw new Error('run with --expose-gc');

/**
 * Strings that are made before they are verified: few, so that the processor has them at hand, as it
 * has the header that it has just read.
 */
const AT_ONCE = 100;
/** Verified at a time while it is filled. */
const FILLED_AT_ONCE = 1_000;
/** Fourteen audiences more, so that a token has nearly 2,048 characters. */
const MANY_AUDIENCES = Array.from({ length: 14 }, (_, i) => `urn:bench:${i}:${'a'.repeat(60)}`);
/** Beyond the end of the run: nobody forgets anything in between. */
const CACHE_TTL_MS = 3_600_000;

/** What is held, in bytes, garbage not counted. */
function held(): number {
  // Twice: what dies with the first collection is freed by the second.
  gc?.();
  gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Has all of them remembered. @returns bytes a token */
async function fill(
  { untilFresh }: VerifyingStage,
  contender: Contender,
  tokens: IssuedTokens,
): Promise<number> {
  const before = held();
  for (let from = 0; from < tokens.count; from += FILLED_AT_ONCE) {
    const count = Math.min(FILLED_AT_ONCE, tokens.count - from);
    await untilFresh();
    await contender.prepare(tokens.range(from, count))();
  }
  return (held() - before) / tokens.count;
}

async function measure(): Promise<HotResult> {
  const { tokens: count, revoked, batch } = settings;
  const maxCachedTokens = 2 * count + 100;
  await using stage = await createVerifyingStage({ alg: 'ES256', revoked, maxCachedTokens });
  const { expected, verifier, feed, issuer } = stage;
  const cache = { cache: maxCachedTokens, cacheTTL: CACHE_TTL_MS };
  const ours = portcullis(verifier);
  const fast = fastJwt('fast-jwt, cache', expected, cache);
  const byToken = fastJwt('fast-jwt, cache by the token', expected, {
    ...cache,
    cacheKeyBuilder: (token) => token,
  });
  await stage.demandRightAnswers([fast, byToken]);
  const tokens = await issueTokens(issuer, count);
  const longTokens = await issueTokens(issuer, Math.min(count, 2_000), MANY_AUDIENCES);
  const memory = {
    characters: tokens.length,
    ours: await fill(stage, ours, tokens),
    fastJwt: await fill(stage, fast, tokens),
  };
  const longest = {
    characters: longTokens.length,
    ours: await fill(stage, ours, longTokens),
    fastJwt: await fill(stage, fast, longTokens),
  };
  await fill(stage, byToken, tokens);
  const { cached } = verifier.stats();
  if (cached < count + longTokens.count) throw new Error('not every token is remembered');

  const known = new Map(tokens.range(0, count).map((token) => [token, { sub: token }]));
  const contenders = [
    ours,
    portcullisByPromise(verifier),
    // All that is remembered has to be judged anew after it.
    {
      ...ours,
      name: 'portcullis, after a revocation',
      prepare: (some: readonly string[]) => {
        feed.revoke(newId('ses'));
        return ours.prepare(some);
      },
    },
    fast,
    byToken,
    atOnce('a Map, which checks nothing', (token) => known.get(token) ?? {}),
  ];
  const standings = await inTurns(contenders, settings, async (contender) => {
    const costs: Cost[] = [];
    while (costs.length * AT_ONCE < batch) {
      const verify = contender.prepare(tokens.some(AT_ONCE));
      await stage.untilFresh();
      costs.push(await costOf(AT_ONCE, verify));
    }
    return meanOf(costs);
  });
  // Else some were verified, and not remembered.
  if (verifier.stats().cached !== cached) throw new Error('not every token was seen before');
  return { standings, memory, longest };
}

answerQuestions(measure);
