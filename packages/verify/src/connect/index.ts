/** The usual case in one call: revocations over NATS, grants by HTTP while NATS is unavailable. */
export { connectVerifier, type ConnectVerifierOptions } from './connect-verifier.ts';
export { verifierMetrics, type VerifierMetric } from './verifier-metrics.ts';
// Or a program that exports its verifier, and writes declarations, cannot name the type.
export type { Verifier } from '../verifier.ts';
