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

const OF = 'createVerifier';
const CLOCK = ['monotonic', 'wall', 'after'] as const;

/** @throws TypeError that names the first option that cannot be meant */
export function demandVerifierOptions(options: VerifierOptions): void {
  demandOption(typeof options === 'object' && options !== null, OF, 'its argument', 'an object');
  const { issuer, jwksUrl, service, maxTokenLifeSeconds, maxCachedTokens } = options;
  demandOption(typeof issuer === 'string' && URL.canParse(issuer), OF, 'issuer', 'a URL');
  demandText(options.audience, OF, 'audience');
  const name = 'a name of a-z, 0-9 and -, which begins with a letter and has 32 characters at most';
  demandOption(isServiceName(service), OF, 'service', name);
  checkFeed(options.feed, OF, 'feed');
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
  demandFunctionIfGiven(options.onMalformed, OF, 'onMalformed');
  demandFunctionIfGiven(options.onProblem, OF, 'onProblem');
  demandFunctionIfGiven(options.onRefusals, OF, 'onRefusals');
  demandFunctionIfGiven(options.fetch, OF, 'fetch');
  if (options.clock !== undefined) demandMethods(options.clock, OF, 'clock', CLOCK);
}
