import type { RequestContext } from '@portcullis/api';
import type { Database } from '../database/database.ts';
import type { Limits } from '../limits/limits.ts';
import { isKnownNetwork } from './is-known-network.ts';

export interface AdmitDependencies {
  database: Database;
  limits: Limits;
}

/**
 * The first step of a login: it is counted, and what the request proves of a key is checked.
 *
 * @returns the key that the tokens are to be bound to (RFC 9449); undefined: none
 * @throws Refusal `rate_limited`, and what the proof is refused with
 */
export async function admit(
  { database, limits }: AdmitDependencies,
  request: RequestContext,
  account: string,
): Promise<string | undefined> {
  await limits.login(request.address, account, () =>
    isKnownNetwork(database, account, request.address),
  );
  return await limits.refundOnAbort(request.address, account, () => request.provePossession());
}
