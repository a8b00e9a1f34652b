/** The auth service, as another service calls it: with a token of its own. */
import type { AuthRouter } from '@portcullis/api';
import type { TRPCClient } from '@trpc/client';
import { dpopFetch } from './dpop.ts';
import type { Fetch } from './exchange.ts';
import { MachineToken, type MachineCredentials } from './machine-token.ts';
import { demandAddress, demandOption, demandText, demandTransport } from './options.ts';
import { createRouterClient, endpointOf } from './router-client.ts';

export interface MachineClientOptions extends MachineCredentials {
  /** The address of the auth service, such as `https://auth.example.com`. */
  authUrl: string;
  /** Binds the tokens to a key (RFC 9449), which is made here unless it is given. */
  dpop?: CryptoKeyPair | true;
  fetch?: Fetch;
}

/**
 * Every procedure of the auth router. A call rejects with `PortcullisError` and ends within
 * 20 seconds, or 50 where a token has to be fetched, refused, and fetched again.
 *
 * @example
 * await client.accounts.list.query({ limit: 20 }, { context: { requestId }, signal });
 * @throws TypeError that names the option that cannot be meant
 */
export function createMachineClient(options: MachineClientOptions): TRPCClient<AuthRouter> {
  const of = 'createMachineClient';
  demandOption(typeof options === 'object' && options !== null, of, 'its argument', 'an object');
  demandAddress(options.authUrl, of, 'authUrl');
  demandText(options.clientId, of, 'clientId');
  demandText(options.clientSecret, of, 'clientSecret');
  demandTransport(options, of);
  const { authUrl, clientId, clientSecret, dpop } = options;
  const plain = options.fetch ?? globalThis.fetch;
  const fetch = dpop === undefined ? plain : dpopFetch(plain, dpop);
  const credentials = { clientId, clientSecret };
  const bearer = new MachineToken(fetch, endpointOf(authUrl, '/oauth2/token'), credentials);
  return createRouterClient<AuthRouter>(authUrl, fetch, bearer);
}
