/**
 * A machine's own access tokens, by the client credentials grant (RFC 6749 section 4.4): each fetched
 * once, used until shortly before it expires, fetched once again for all who wait.
 */
import { isRecord, secondsOf, textOr } from './answer-shape.ts';
import type { BearerSource } from './bearer-fetch.ts';
import { PortcullisError } from './error.ts';
import { exchange, TOKEN_TIMEOUT_MS, type Fetch } from './exchange.ts';
import { oauthErrorOf } from './oauth-error.ts';
import { renewalMarginMs } from './token-life.ts';

export interface MachineCredentials {
  clientId: string;
  clientSecret: string;
}

/** Narrows a token; one that is not narrowed is for all that the client may do. */
export interface TokenRequest {
  /** The one service that it is for (`resource`, RFC 8707): `urn:acme:orders`. */
  audience?: string;
  /** Scopes, by single spaces (RFC 6749 section 3.3). */
  scope?: string;
}

/** One token for each way to narrow it. */
export class MachineTokens {
  readonly #make: (request: TokenRequest) => MachineToken;
  readonly #tokens = new Map<string, MachineToken>();

  constructor(fetch: Fetch, endpoint: string, credentials: MachineCredentials) {
    this.#make = (request) => new MachineToken(fetch, endpoint, credentials, request);
  }

  of({ audience, scope }: TokenRequest): MachineToken {
    const key = JSON.stringify([audience, scope]);
    const known = this.#tokens.get(key);
    if (known !== undefined) return known;
    const request = {
      ...(audience === undefined ? {} : { audience }),
      ...(scope === undefined ? {} : { scope }),
    };
    const made = this.#make(request);
    this.#tokens.set(key, made);
    return made;
  }
}

interface CachedToken {
  value: string;
  /** On the monotonic clock, in milliseconds. */
  useUntil: number;
}

export class MachineToken implements BearerSource {
  readonly #fetch: Fetch;
  readonly #endpoint: string;
  readonly #authorization: string;
  readonly #body: string;
  #held: CachedToken | undefined;
  #flight: Promise<string> | undefined;

  constructor(
    fetch: Fetch,
    endpoint: string,
    credentials: MachineCredentials,
    { audience, scope }: TokenRequest = {},
  ) {
    const body = new URLSearchParams({ grant_type: 'client_credentials' });
    if (audience !== undefined) body.set('resource', audience);
    if (scope !== undefined) body.set('scope', scope);
    this.#body = body.toString();
    this.#fetch = fetch;
    this.#endpoint = endpoint;
    this.#authorization = basicAuthorization(credentials);
  }

  accessToken(): Promise<string> {
    const held = this.#held;
    if (held !== undefined && performance.now() < held.useUntil) return Promise.resolve(held.value);
    return this.#request();
  }

  renew(refused: string): Promise<string> {
    // Another call may have been refused before, and have brought a new one already.
    if (this.#held?.value === refused) this.#held = undefined;
    return this.accessToken();
  }

  #request(): Promise<string> {
    this.#flight ??= this.#requestOnce().finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  async #requestOnce(): Promise<string> {
    // Counted from the question: the answer may have been long on its way.
    const asked = performance.now();
    const answer = await exchange(
      this.#fetch,
      this.#endpoint,
      {
        method: 'POST',
        headers: {
          authorization: this.#authorization,
          'content-type': 'application/x-www-form-urlencoded',
          accept: 'application/json',
        },
        body: this.#body,
        redirect: 'error',
      },
      TOKEN_TIMEOUT_MS,
    );
    if (!answer.ok) throw oauthErrorOf(answer);
    const body = isRecord(answer.body) ? answer.body : {};
    const value = textOr(body['access_token'], undefined);
    const lifeSeconds = secondsOf(body['expires_in']);
    if (value === undefined || lifeSeconds === undefined) {
      throw new PortcullisError('protocol', { status: answer.status });
    }
    this.#held = { value, useUntil: asked + lifeSeconds * 1_000 - renewalMarginMs(lifeSeconds) };
    return value;
  }
}

/**
 * RFC 6749 section 2.3.1: both parts are form-urlencoded (appendix B) before they are joined, so
 * that a colon or a letter beyond ASCII in them survives.
 */
function basicAuthorization({ clientId, clientSecret }: MachineCredentials): string {
  return `Basic ${btoa(`${formEncode(clientId)}:${formEncode(clientSecret)}`)}`;
}

function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
