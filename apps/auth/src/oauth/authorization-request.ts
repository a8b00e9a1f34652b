/**
 * Authorization requests (RFC 6749 section 4.1.1) of first-party applications: public clients, whose redirect URIs an
 * operator has declared, with PKCE by S256 (RFC 7636).
 *
 * Invariant: no user is sent to an address before it is known to be, byte for byte, one of those that the named client has
 * declared. What is wrong with a request until then is shown on a page of ours; after that it is told to the application.
 */
import type { ClientId } from '@portcullis/contracts';
import { isPublicClient, type FindClient } from '../client/find-client.ts';

export interface AuthorizationRequest {
  client: ClientId;
  /** What its users know it by. */
  clientName: string;
  redirectUri: string;
  state: string | undefined;
  codeChallenge: string;
}

export type AuthorizationError =
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_target'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'unsupported_response_type';

/** `unknown`: there is nowhere that the user could be sent to. */
export type Judged =
  | { kind: 'valid'; request: AuthorizationRequest }
  | { kind: 'refused'; redirectUri: string; state: string | undefined; error: AuthorizationError }
  | { kind: 'unknown' };

type Parameters = ReadonlyMap<string, string>;

/** What a page carries from one form to the next. */
export const AUTHORIZATION_PARAMETERS = [
  'response_type',
  'client_id',
  'redirect_uri',
  'state',
  'code_challenge',
  'code_challenge_method',
] as const;

const MAX_STATE = 512;
/** VSCHAR of RFC 6749 appendix A.5. */
const STATE = /^[\x20-\x7e]*$/;
/** SHA-256 in base64url (RFC 7636 section 4.2). */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

export function createJudgeRequest(findClient: FindClient) {
  return async (parameters: Parameters): Promise<Judged> => {
    const name = parameters.get('client_id');
    const redirectUri = parameters.get('redirect_uri');
    if (name === undefined || redirectUri === undefined) return { kind: 'unknown' };
    const found = await findClient(name);
    if (found === null || !isPublicClient(found)) return { kind: 'unknown' };
    if (!found.redirectUris.includes(redirectUri)) return { kind: 'unknown' };
    const given = parameters.get('state');
    const isSound = given === undefined || (given.length <= MAX_STATE && STATE.test(given));
    const state = isSound ? given : undefined;
    const error = isSound ? errorOf(parameters) : 'invalid_request';
    if (error !== undefined) return { kind: 'refused', redirectUri, state, error };
    const { id: client, name: clientName } = found.client;
    const codeChallenge = parameters.get('code_challenge') ?? '';
    const request = { client, clientName, redirectUri, state, codeChallenge };
    return { kind: 'valid', request };
  };
}

export type JudgeRequest = ReturnType<typeof createJudgeRequest>;

function errorOf(parameters: Parameters): AuthorizationError | undefined {
  if (parameters.has('request')) return 'request_not_supported';
  if (parameters.has('request_uri')) return 'request_uri_not_supported';
  const type = parameters.get('response_type');
  if (type === undefined) return 'invalid_request';
  if (type !== 'code') return 'unsupported_response_type';
  if ((parameters.get('response_mode') ?? 'query') !== 'query') return 'invalid_request';
  // A user's token has roles and no scope, and is narrowed where it is asked for.
  if (parameters.has('scope')) return 'invalid_scope';
  if (parameters.has('resource')) return 'invalid_target';
  if (parameters.get('code_challenge_method') !== 'S256') return 'invalid_request';
  return CHALLENGE.test(parameters.get('code_challenge') ?? '') ? undefined : 'invalid_request';
}

/**
 * Where the user is sent with an answer (section 4.1.2), and who sends them (RFC 9207).
 *
 * @param redirectUri one of those that were declared; what its query holds stays (section 3.1.2)
 */
export function answerUri(
  redirectUri: string,
  answer: { issuer: string; state: string | undefined } & ({ code: string } | { error: string }),
): string {
  const { issuer, state, ...outcome } = answer;
  const members = new URLSearchParams(outcome);
  if (state !== undefined) members.set('state', state);
  members.set('iss', issuer);
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${members.toString()}`;
}
