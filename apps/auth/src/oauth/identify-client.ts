/**
 * Who asks (RFC 6749 section 2.3): a confidential client proves who it is, a public one says so.
 *
 * Invariant: naming a confidential client proves nothing, and no request proves it in two ways.
 */
import { FormBody, type FastifyRequest } from '@portcullis/service';
import type { AuthenticateByAssertion } from '../client/authenticate-by-assertion.ts';
import type { AuthenticateClient } from '../client/authenticate-client.ts';
import {
  isPublicClient,
  type AuthenticatedClient,
  type FindClient,
} from '../client/find-client.ts';
import { clientCredentialsOf } from './client-credentials-of.ts';
import { OAuthError } from './oauth-error.ts';

export interface IdentifiedClient extends AuthenticatedClient {
  /** Whether it has proved it. */
  proven: boolean;
}

/**
 * @returns null when the request names no client
 * @throws OAuthError `invalid_client`; `invalid_request` when it names two, or proves it twice
 */
export type IdentifyClient = (request: FastifyRequest) => Promise<IdentifiedClient | null>;

export interface IdentifyClientDependencies {
  findClient: FindClient;
  authenticateClient: AuthenticateClient;
  authenticateByAssertion: AuthenticateByAssertion;
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const REFUSED = 'Client authentication failed.';

export function createIdentifyClient(dependencies: IdentifyClientDependencies): IdentifyClient {
  const { findClient, authenticateClient, authenticateByAssertion } = dependencies;

  return async (request) => {
    const members = membersOf(request);
    const named = members.get('client_id');
    const offered = clientCredentialsOf(request);
    const assertion = assertionOf(members);
    const secret = members.get('client_secret') ?? null;
    // RFC 6749 section 5.2 has a name of its own for more than one.
    if ([offered, assertion, secret].filter((proof) => proof !== null).length > 1) {
      throw new OAuthError('invalid_request', 'Two proofs are offered.');
    }
    if (secret !== null) {
      throw new OAuthError('invalid_client', 'Clients authenticate by HTTP Basic.');
    }
    if (assertion !== null) {
      return proven(await authenticateByAssertion(assertion), named);
    }
    if (offered !== null) {
      const client = await authenticateClient(offered.id, offered.secret);
      return proven(client, named);
    }
    if (named === undefined) return null;
    const found = await findClient(named);
    if (found === null || !isPublicClient(found)) throw new OAuthError('invalid_client', REFUSED);
    return { ...found.client, proven: false };
  };
}

/** RFC 7521 section 4.2. */
function assertionOf(members: ReadonlyMap<string, string>): string | null {
  const type = members.get('client_assertion_type');
  const assertion = members.get('client_assertion');
  if (type === undefined && assertion === undefined) return null;
  if (type === undefined || assertion === undefined) {
    throw new OAuthError('invalid_request', 'An assertion comes with its type.');
  }
  if (type !== ASSERTION_TYPE) throw new OAuthError('invalid_client', REFUSED);
  return assertion;
}

function proven(client: AuthenticatedClient | null, named: string | undefined): IdentifiedClient {
  if (client === null) throw new OAuthError('invalid_client', REFUSED);
  if (named !== undefined && named !== client.id) {
    throw new OAuthError('invalid_request', 'Two clients are named.');
  }
  return { ...client, proven: true };
}

const NONE: ReadonlyMap<string, string> = new Map();

/**
 * The parameters of a request. One that is given twice has been refused by the parser (RFC 6749
 * section 3.2), and one without a value counts as absent (section 3.1).
 */
export function membersOf({ body }: FastifyRequest): ReadonlyMap<string, string> {
  if (!(body instanceof FormBody)) return NONE;
  return new Map([...body.members].filter(([, value]) => value !== ''));
}

/** @throws OAuthError `invalid_request` for a body that is no form (RFC 6749 appendix B) */
export function formMembersOf(request: FastifyRequest): ReadonlyMap<string, string> {
  if (!(request.body instanceof FormBody)) {
    throw new OAuthError('invalid_request', 'The body has to be a form.');
  }
  return membersOf(request);
}
