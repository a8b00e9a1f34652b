export { createForge, encoded, segmentsOf, type Forge } from './hostile/forge.ts';
export { HOSTILE_TOKENS, isSendable, LEGITIMATE_TOKENS } from './hostile/hostile-token.ts';
export type { HostileCase, TokenCase } from './hostile/case.ts';
export { askInText, askOverHttp, type HttpAnswer } from './hostile/over-http.ts';
export { PRESENTATIONS, type Presentation } from './hostile/presentations.ts';
export { revocationsOf, type RevokedCase } from './hostile/revoked.ts';
export {
  signInBrowser,
  type BrowserContextLike,
  type BrowserCookie,
  type BrowserSession,
  type SignInBrowserOptions,
} from './browser-session.ts';
export type { SigningAlgorithm } from './issuer-keys.ts';
export {
  MemoryRevocations,
  type MemoryFeed,
  type MemoryFeedListener,
  type RevocationSpec,
} from './memory-revocations.ts';
export type { MintOptions } from './mint-options.ts';
export { portOf } from './port-of.ts';
export { seededRandom } from './seeded-random.ts';
export type { Revoked } from './revoke-token.ts';
export type {
  SignedInMachine,
  SignedInUser,
  SignInMachineOptions,
  SignInOptions,
  SignIns,
  TokenState,
} from './sign-in.ts';
export { createTestClock, type TestClock } from './test-clock.ts';
export {
  createTestIssuer,
  type TestIssuer,
  type TestIssuerOptions,
  type TestVerifierOptions,
} from './test-issuer.ts';
