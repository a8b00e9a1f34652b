/** The options of a verifier and of its fallback, before anything is made of them. */
import {
  demandFunctionIfGiven,
  demandMethods,
  demandOption,
  demandSafeAddress,
  demandText,
  isServiceName,
} from '@portcullis/contracts';
import { checkFeed } from './revocation/check-feed.ts';
import type { VerifierOptions } from './verifier.ts';

export const OF = 'createVerifier';
const CLOCK = ['monotonic', 'wall', 'after'] as const;

/**
 * @throws TypeError that names the first option that cannot be meant, or that is misspelt: what looks for those is
 *   loaded where there is a name that is none of these
 */
export async function demandVerifierOptions(options: VerifierOptions): Promise<void> {
  const { issuer, audience, service, feed, jwksUrl, maxTokenLifeSeconds, ...more } = options;
  const { maxCachedTokens, onMalformed, onProblem, onRefusals, clock, fetch, ...others } = more;
  if (Object.keys(others).some((name) => name !== 'whenStale')) {
    const { demandNoneMisspelt, VERIFIER_OPTIONS } = await import('./option-names.ts');
    demandNoneMisspelt(options, VERIFIER_OPTIONS, OF);
  }
  demandOption(typeof issuer === 'string' && URL.canParse(issuer), OF, 'issuer', 'a URL');
  demandText(audience, OF, 'audience');
  const name = 'a name of a-z, 0-9 and -, which begins with a letter and has 32 characters at most';
  demandOption(isServiceName(service), OF, 'service', name);
  checkFeed(feed, OF, 'feed');
  if (jwksUrl === undefined) demandSafeAddress(issuer, OF, 'issuer');
  else demandSafeAddress(jwksUrl, OF, 'jwksUrl');
  demandOption(
    maxTokenLifeSeconds === undefined ||
      (Number.isSafeInteger(maxTokenLifeSeconds) && maxTokenLifeSeconds > 0),
    OF,
    'maxTokenLifeSeconds',
    'a whole number of seconds, more than 0',
  );
  demandOption(
    maxCachedTokens === undefined ||
      (Number.isSafeInteger(maxCachedTokens) && maxCachedTokens >= 0),
    OF,
    'maxCachedTokens',
    'a whole number, 0 or more',
  );
  demandFunctionIfGiven(onMalformed, OF, 'onMalformed');
  demandFunctionIfGiven(onProblem, OF, 'onProblem');
  demandFunctionIfGiven(onRefusals, OF, 'onRefusals');
  demandFunctionIfGiven(fetch, OF, 'fetch');
  if (clock !== undefined) demandMethods(clock, OF, 'clock', CLOCK);
}
