/** Verifies tokens that it has never seen, as one of the contenders. */
import { answerQuestions, settingsOfWorker } from '@portcullis/testbed';
import { costOf, type Cost } from '../rounds.ts';
import { coldSettings } from './cold-settings.ts';
import {
  fastJwt,
  jose,
  jsonWebToken,
  portcullis,
  portcullisByPromise,
  rawCrypto,
  type Contender,
} from './contenders.ts';
import { verifierOf } from './former-verifier.ts';
import { issueTokens } from './issued-tokens.ts';
import { createVerifyingStage } from './verifying-stage.ts';

/** As many as our verifier remembers by default. */
const REMEMBERED = 50_000;

const { contender: name, checkout, ...settings } = coldSettings.parse(settingsOfWorker());
const { batch, rounds } = settings;
const stage = await createVerifyingStage({
  ...settings,
  ...(checkout === undefined ? {} : { start: await verifierOf(checkout) }),
});
const { expected, verifier } = stage;
const contender = await contenderNamed();
await stage.demandRightAnswers([contender]);
const tokens = await issueTokens(stage.issuer, batch * rounds);
let round = 0;

async function contenderNamed(): Promise<Contender> {
  if (name === 'portcullis, by a promise') return portcullisByPromise(verifier);
  if (name.startsWith('portcullis')) return portcullis(verifier);
  const others = [
    rawCrypto(expected),
    ...(await jose(expected)),
    fastJwt('fast-jwt', expected),
    fastJwt('fast-jwt, cache', expected, { cache: REMEMBERED }),
    jsonWebToken(expected),
  ];
  const found = others.find((other) => other?.name === name);
  if (found === undefined) throw new Error(`${name} has no ${expected.alg}`);
  return found;
}

async function verifyUnseen(): Promise<Cost> {
  const verify = contender.prepare(tokens.range(round * batch, batch));
  round += 1;
  await stage.untilFresh();
  const cost = await costOf(batch, verify);
  // Else some of them were seen before.
  const isOurs = name.startsWith('portcullis');
  if (isOurs && verifier.stats().cached < round * batch) {
    throw new Error('a token was not verified');
  }
  return cost;
}

answerQuestions(verifyUnseen, async () => stage[Symbol.asyncDispose]());
