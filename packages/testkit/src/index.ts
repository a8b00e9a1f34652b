export { createForge, encoded, segmentsOf, type Forge } from './hostile/forge.ts';
export { HOSTILE_TOKENS, isSendable, LEGITIMATE_TOKENS } from './hostile/hostile-token.ts';
export type { HostileCase, TokenCase } from './hostile/case.ts';
export { askInText, askOverHttp, type HttpAnswer } from './hostile/over-http.ts';
export { PRESENTATIONS, type Presentation } from './hostile/presentations.ts';
export { revocationsOf, type RevokedCase } from './hostile/revoked.ts';
export type { SigningAlgorithm } from './issuer-keys.ts';
export {
  MemoryRevocations,
  type MemoryFeed,
  type MemoryFeedListener,
  type RevocationSpec,
} from './memory-revocations.ts';
export { portOf } from './port-of.ts';
export { seededRandom } from './seeded-random.ts';
export {
  createTestIssuer,
  type MintOptions,
  type TestIssuer,
  type TestIssuerOptions,
} from './test-issuer.ts';
