/** Verifies tokens that it has never seen, with all contenders in turns. */
import { answerQuestions, settingsOfWorker } from '@portcullis/testkit';
import { costOf, inTurns, type Standing } from '../rounds.ts';
import { coldSettings } from './cold-settings.ts';
import {
  fastJwt,
  jose,
  jsonWebToken,
  portcullis,
  portcullisByPromise,
  rawCrypto,
} from './contenders.ts';
import { issueTokens } from './issued-tokens.ts';
import { createVerifyingStage } from './verifying-stage.ts';

const settings = coldSettings.parse(settingsOfWorker());
/** As many as our verifier remembers unless told otherwise. */
const REMEMBERED = 50_000;

async function measure(): Promise<Standing[]> {
  await using stage = await createVerifyingStage(settings);
  const { expected, verifier, issuer } = stage;
  const others = jsonWebToken(expected);
  const byPromise = portcullisByPromise(verifier);
  const contenders = [
    portcullis(verifier),
    byPromise,
    rawCrypto(expected),
    ...(await jose(expected)),
    fastJwt('fast-jwt', expected),
    fastJwt('fast-jwt, cache', expected, { cache: REMEMBERED }),
    ...(others === undefined ? [] : [others]),
  ];
  await stage.demandRightAnswers(contenders);
  const { batch, warmUps, rounds } = settings;
  const tokens = await issueTokens(issuer, batch * (warmUps + rounds));
  // Ours takes part twice, and would remember what it has seen.
  const further = await issueTokens(issuer, batch * (warmUps + rounds));
  const standings = await inTurns(contenders, settings, async (contender, round) => {
    const unseen = contender === byPromise ? further : tokens;
    const verify = contender.prepare(unseen.range(round * batch, batch));
    await stage.untilFresh();
    return await costOf(batch, verify);
  });
  // Each was verified once by ours, and is remembered since.
  if (verifier.stats().cached < tokens.count + further.count)
    throw new Error('a token was not verified');
  return standings;
}

answerQuestions(measure);
