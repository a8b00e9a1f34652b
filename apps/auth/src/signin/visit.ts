/** What a request to a page is about: in which language, for which application, and whose form it is. */
import { Refusal } from '@portcullis/contracts';
import { FormBody, parseMembers, type FastifyRequest } from '@portcullis/service';
import { provenanceOfRequest } from '@portcullis/verify/cookie';
import {
  AUTHORIZATION_PARAMETERS,
  type AuthorizationRequest,
  type Judged,
  type JudgeRequest,
} from '../oauth/authorization-request.ts';
import { languageOf, type Language } from './texts.ts';

export interface Visit {
  language: Language;
  /** What the query asks for: undefined where no application has sent the user. */
  judged: Judged | undefined;
  /** The request of an application that may be served. */
  asked: AuthorizationRequest | undefined;
  /** The same request, for the addresses of forms and links; empty where there is none. */
  query: string;
  /** Where the answer to a form may lead. */
  returnOrigin: string | undefined;
}

/** @throws Refusal `invalid_request` for a query with a member that is there twice (RFC 6749 section 3.1) */
export async function visitOf(request: FastifyRequest, judge: JudgeRequest): Promise<Visit> {
  const language = languageOf(request.headers['accept-language']);
  const parameters = parametersOf(request);
  const isAsked = AUTHORIZATION_PARAMETERS.some((name) => parameters.has(name));
  const judged = isAsked ? await judge(parameters) : undefined;
  if (judged?.kind !== 'valid') {
    return { language, judged, asked: undefined, query: '', returnOrigin: undefined };
  }
  const { request: asked } = judged;
  const query = queryOf(parameters);
  return { language, judged, asked, query, returnOrigin: new URL(asked.redirectUri).origin };
}

/** One without a value counts as absent (RFC 6749 section 3.1). */
function parametersOf({ raw: { url = '' } }: FastifyRequest): ReadonlyMap<string, string> {
  const at = url.indexOf('?');
  const members = at === -1 ? new Map() : parseMembers(url.slice(at + 1), 'query');
  return new Map([...members].filter(([, value]) => value !== ''));
}

function queryOf(parameters: ReadonlyMap<string, string>): string {
  const kept = new URLSearchParams();
  for (const name of AUTHORIZATION_PARAMETERS) {
    const value = parameters.get(name);
    if (value !== undefined) kept.set(name, value);
  }
  return `?${kept.toString()}`;
}

const NO_FIELDS: ReadonlyMap<string, string> = new Map();

/**
 * The form that a page of ours has sent. One of another page is refused before anything looks at it: it could log a
 * user in to another user's account. A browser says which it is, and no script can (verify, cookie/provenance.ts); where
 * nothing says so, and where `Origin` is `null`, it is none of ours.
 *
 * @param ownOrigins of this service's public addresses; pages that may call with cookies are none of these
 * @throws Refusal `cross_site`; `unsupported_media_type` for what is no form
 */
export function ownForm(
  request: FastifyRequest,
  ownOrigins: readonly string[],
): ReadonlyMap<string, string> {
  const provenance = provenanceOfRequest(request.raw, { origins: ownOrigins });
  if (provenance !== 'own') {
    const cause = new Error(`a form of provenance ${provenance}`);
    throw new Refusal('cross_site', { cause, reason: 'cross_site' });
  }
  // A form without fields, that of signing out, has no body.
  if (request.body === undefined) return NO_FIELDS;
  if (!(request.body instanceof FormBody)) throw new Refusal('unsupported_media_type');
  return request.body.members;
}
