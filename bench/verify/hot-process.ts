/** Verifies tokens that it has seen before, as one of the contenders, and says what they take. */
import { newId } from '@portcullis/contracts';
import { answerQuestions, settingsOfWorker } from '@portcullis/testbed';
import type { Cost } from '../rounds.ts';
import { atOnce, fastJwt, portcullis, portcullisByPromise, type Contender } from './contenders.ts';
import { hotQuestion, hotSettings, type Filled, type Memory } from './hot-settings.ts';
import { issueTokens, type IssuedTokens } from './issued-tokens.ts';
import { createVerifyingStage } from './verifying-stage.ts';

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
/** Beyond the end of the run: no cache forgets anything in between. */
const CACHE_TTL_MS = 3_600_000;

const { contender: name, tokens: count, revoked, batch } = hotSettings.parse(settingsOfWorker());
const maxCachedTokens = 2 * count + 100;
const stage = await createVerifyingStage({ alg: 'ES256', revoked, maxCachedTokens });
const { expected, verifier, feed, issuer } = stage;
const tokens = await issueTokens(issuer, count);
const contender = contenderNamed();
const isOurs = name.startsWith('portcullis');

function contenderNamed(): Contender {
  const cache = { cache: maxCachedTokens, cacheTTL: CACHE_TTL_MS };
  const ours = portcullis(verifier);
  switch (name) {
    case 'portcullis':
      return ours;
    case 'portcullis, by a promise':
      return portcullisByPromise(verifier);
    case 'portcullis, after a revocation':
      // All that is remembered has to be checked anew after it.
      return {
        ...ours,
        name,
        prepare: (some) => {
          feed.revoke(newId('ses'));
          return ours.prepare(some);
        },
      };
    case 'fast-jwt, cache':
      return fastJwt(name, expected, cache);
    case 'fast-jwt, cache by the token':
      return fastJwt(name, expected, { ...cache, cacheKeyBuilder: (token) => token });
    case 'a Map, which checks nothing': {
      const known = new Map(tokens.range(0, count).map((token) => [token, { sub: token }]));
      return atOnce(name, (token) => known.get(token) ?? {});
    }
  }
}

/** What is held, in bytes, garbage not counted. */
function held(): number {
  // Twice: what dies with the first collection is freed by the second.
  gc?.();
  gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Has all of them remembered. */
async function remember(some: IssuedTokens): Promise<Memory> {
  const before = held();
  for (let from = 0; from < some.count; from += FILLED_AT_ONCE) {
    const length = Math.min(FILLED_AT_ONCE, some.count - from);
    await stage.untilFresh();
    await contender.prepare(some.range(from, length))();
  }
  return { characters: some.length, bytes: (held() - before) / some.count };
}

async function fill(): Promise<Filled> {
  if (name.startsWith('fast-jwt')) await stage.demandRightAnswers([contender]);
  const memory = await remember(tokens);
  const longTokens = await issueTokens(issuer, Math.min(count, 2_000), MANY_AUDIENCES);
  const longest = isOurs || name === 'fast-jwt, cache' ? await remember(longTokens) : memory;
  return { memory, longest };
}

/**
 * By the clock alone, which is what a single thread that waits for nothing takes of the processor. To
 * ask for its time every hundred tokens made it slower in two trials of three.
 */
async function verifyAgain(): Promise<Cost> {
  const { cached } = verifier.stats();
  if (isOurs && cached < count) throw new Error('not every token is remembered');
  let spent = 0;
  let done = 0;
  while (done < batch) {
    const verify = contender.prepare(tokens.some(AT_ONCE));
    await stage.untilFresh();
    const began = performance.now();
    await verify();
    spent += performance.now() - began;
    done += AT_ONCE;
  }
  // Else some were verified, and not remembered.
  if (verifier.stats().cached !== cached) throw new Error('not every token was seen before');
  return { clock: (spent * 1_000) / done };
}

answerQuestions(
  async (asked) => (hotQuestion.parse(asked) === 'fill' ? await fill() : await verifyAgain()),
  async () => stage[Symbol.asyncDispose](),
);
