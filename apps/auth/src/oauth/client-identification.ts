/** Every way in which a client can say or prove who it is, put together. */
import { createAuthenticateByAssertion } from '../client/authenticate-by-assertion.ts';
import { createAuthenticateClient } from '../client/authenticate-client.ts';
import { createFindClient } from '../client/find-client.ts';
import type { Database } from '../database/database.ts';
import { createReplayStore } from '../proof/replay-store.ts';
import { endpointsOf } from './endpoints.ts';
import { createIdentifyClient, type IdentifyClient } from './identify-client.ts';

export function clientIdentification(database: Database, issuerUrl: string): IdentifyClient {
  const findClient = createFindClient(database);
  const { issuer, token, revocation, introspection } = endpointsOf(issuerUrl);
  return createIdentifyClient({
    findClient,
    authenticateClient: createAuthenticateClient(findClient),
    authenticateByAssertion: createAuthenticateByAssertion({
      findClient,
      useOnce: createReplayStore(database),
      // RFC 7523 section 3 allows the token endpoint; others name the endpoint that they call.
      audiences: [issuer, token, revocation, introspection],
    }),
  });
}
