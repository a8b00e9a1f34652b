/** An issuer, and a verifier of its tokens that has a million revocations in force. */
import { newId } from '@portcullis/contracts';
import { createTestIssuer, type SigningAlgorithm, type TestIssuer } from '@portcullis/testkit';
import { createVerifier, type Verifier, type VerifierOptions } from '@portcullis/verify';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { accepts, demandRightAnswers } from './demand-right-answers.ts';
import { portcullis, type Contender, type Expected } from './contenders.ts';
import { revokedFeed, type RevokedFeed } from './revoked-feed.ts';

export interface VerifyingStage extends AsyncDisposable {
  readonly issuer: TestIssuer;
  readonly expected: Expected;
  readonly verifier: Verifier;
  readonly feed: RevokedFeed;
  /** Lets the verifier renew its grant, which it cannot while something is measured. */
  untilFresh(): Promise<void>;
  /** @throws Error when one of them, or the verifier, answers wrongly */
  demandRightAnswers(contenders: readonly Contender[]): Promise<void>;
}

export interface VerifyingStageOptions {
  readonly alg: SigningAlgorithm;
  /** Revocations in force. */
  readonly revoked: number;
  /** Tokens that the verifier may remember; its own default unless given. */
  readonly maxCachedTokens?: number;
  /** Starts the verifier; `createVerifier` unless given. */
  readonly start?: (options: VerifierOptions) => Promise<Verifier>;
}

export async function createVerifyingStage(
  options: VerifyingStageOptions,
): Promise<VerifyingStage> {
  const { alg, revoked, maxCachedTokens, start = createVerifier } = options;
  const issuer = await createTestIssuer();
  await issuer.rotate(alg);
  const ended = newId('ses');
  const feed = revokedFeed(revoked, [ended]);
  const { audience } = issuer;
  const verifier = await start({
    issuer: issuer.issuer,
    audience,
    service: 'bench',
    feed,
    ...(maxCachedTokens === undefined ? {} : { maxCachedTokens }),
  });
  await verifier.ready();
  const { entries } = verifier.stats();
  if (entries !== revoked) throw new Error(`${entries} revocations instead of ${revoked}`);
  const untilFresh = async (): Promise<void> => {
    // The timer of a renewal that is due comes first.
    await nextTurn();
    await verifier.ready();
  };
  return {
    issuer,
    expected: { alg, jwk: issuer.publicJwk(), issuer: issuer.issuer, audience },
    verifier,
    feed,
    untilFresh,
    demandRightAnswers: async (contenders) => {
      // On a slow machine tokens may have been signed for longer than S, without a turn for the renewal.
      await untilFresh();
      const ours = portcullis(verifier);
      await demandRightAnswers([ours, ...contenders], issuer);
      const logged = await issuer.mint({ sid: ended });
      if (await accepts(ours, logged)) throw new Error('portcullis accepts what is revoked');
    },
    [Symbol.asyncDispose]: async () => {
      await verifier[Symbol.asyncDispose]();
      await issuer[Symbol.asyncDispose]();
    },
  };
}
