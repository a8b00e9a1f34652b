/** The options of a verifier by their names: loaded where one is given by another. */
import type { VerifierOptions } from './verifier.ts';

export { demandNoneMisspelt } from './set-up/misspelt-option.ts';

/** All of `createVerifier`. */
export const VERIFIER_OPTIONS = {
  issuer: true,
  audience: true,
  service: true,
  feed: true,
  jwksUrl: true,
  whenStale: true,
  maxTokenLifeSeconds: true,
  maxCachedTokens: true,
  onMalformed: true,
  onProblem: true,
  onRefusals: true,
  clock: true,
  fetch: true,
} as const satisfies Record<keyof VerifierOptions, true>;
