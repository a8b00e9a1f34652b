/** Proofs of possession (RFC 9449), for who checks them beside a verifier. */
export { DPOP_ALGORITHMS } from './dpop-algorithms.ts';
export {
  parseDpopProof,
  readDpopProof,
  type DpopProof,
  type ParsedDpopProof,
} from './dpop-proof.ts';
export { PossessionGuard, type Possession } from './possession.ts';
export { thumbprintOf } from './thumbprint.ts';
