/** The nonce that a client needs next, beside whatever is answered (RFC 9449 section 8.2). */
import { nonceOfProof } from '../proof/nonce-of-proof.ts';
import type { DpopNonces } from '../proof/dpop-nonces.ts';
import { headerValues, type RequestLike } from '../wire/request.ts';
import type { RefusalHeaders } from './refusal-headers.ts';
import { presentedScheme } from './token-of.ts';

export type NonceHeaders = Pick<RefusalHeaders, 'dpop-nonce' | 'cache-control'>;

/**
 * With `no-store` beside it, so that none is brought that came from a cache.
 *
 * @returns none where no nonce is demanded, none was brought that was good, or that one is young
 */
export function nonceHeaders(nonces: DpopNonces | undefined, request: RequestLike): NonceHeaders {
  if (nonces === undefined || presentedScheme(request, undefined) !== 'dpop') return {};
  const [proof, ...more] = headerValues(request, 'dpop');
  if (proof === undefined || more.length > 0) return {};
  const nonce = nonceOfProof(proof);
  const isOld = nonce !== undefined && nonces.read(nonce)?.needsRenewal === true;
  return isOld ? { 'dpop-nonce': nonces.issue(), 'cache-control': 'no-store' } : {};
}
