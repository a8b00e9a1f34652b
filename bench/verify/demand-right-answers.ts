/** A contender that answers wrongly stops the comparison: there is none without it. */
import { newId } from '@portcullis/contracts';
import type { TestIssuer } from '@portcullis/testkit';
import type { Contender } from './contenders.ts';

/** @throws Error naming who accepted what has to be refused, or refused what has to be accepted */
export async function demandRightAnswers(
  contenders: readonly Contender[],
  issuer: TestIssuer,
): Promise<void> {
  const good = await issuer.mint();
  const other = await issuer.mint();
  const past = Math.floor(Date.now() / 1_000) - 60;
  const forged = `${good.slice(0, good.lastIndexOf('.'))}${other.slice(other.lastIndexOf('.'))}`;
  const wrong = {
    'one with the signature of another': forged,
    'one that has expired': await issuer.mint({ iat: past - 60, exp: past }),
    'one for another audience': await issuer.mint({ aud: `urn:bench:${newId('tok')}` }),
    'one of another issuer': await issuer.mint({ iss: 'https://elsewhere.example' }),
  };
  for (const contender of contenders) {
    // Twice, since the second time it may be remembered.
    await contender.prepare([good, good])();
    for (const [what, token] of Object.entries(wrong)) {
      if (!contender.checksClaims && token !== forged) continue;
      if (await accepts(contender, token)) throw new Error(`${contender.name} accepts ${what}`);
    }
  }
}

export async function accepts(contender: Contender, token: string): Promise<boolean> {
  const verify = contender.prepare([token]);
  try {
    await verify();
    return true;
  } catch {
    return false;
  }
}
