/**
 * Grants, snapshots and introspection over HTTP, for when NATS is unavailable. With the credentials of
 * the service's machine client (RFC 6749 section 2.3.1), over https except on this machine.
 */
import {
  demandFunctionIfGiven,
  demandOption,
  demandSafeAddress,
  demandText,
  type GrantRequest,
} from '@portcullis/contracts';
import { readBounded } from '../../wire/read-bounded.ts';
import type { GrantSource } from '../../revocation/failover.ts';
import { reasonOf } from '../../wire/reason-of.ts';
import type { Introspect } from '../../stale/introspection.ts';

export interface HttpSourceOptions {
  /** Where auth answers, such as `https://auth.example.com`. */
  authUrl: string;
  clientId: string;
  clientSecret: string;
  /** For tests. */
  fetch?: typeof fetch;
}

/** Milliseconds for which a failure says something: while NATS answers, nothing is asked by HTTP. */
const TELLING_MS = 60_000;
const MAX_GRANT_BYTES = 4 * 1024 * 1024;
const MAX_SNAPSHOT_BYTES = 1024 * 1024 * 1024;
const MAX_INTROSPECTION_BYTES = 16 * 1024;

/**
 * Where grants and snapshots come from when NATS does not answer: the second part of `withFallback`.
 *
 * @throws TypeError that names the option that cannot be meant, or would send the secret in the open
 */
export function httpGrants(options: HttpSourceOptions): GrantSource {
  const call = createCall(options, 'httpGrants');
  return {
    problems: call.problems,
    request: async (request: GrantRequest, timeoutMs) =>
      await call.send(
        '/v1/grants',
        'application/json',
        JSON.stringify(request),
        timeoutMs,
        MAX_GRANT_BYTES,
      ),
    snapshot: async (timeoutMs) =>
      await call.send(
        '/v1/revocations/snapshot',
        undefined,
        undefined,
        timeoutMs,
        MAX_SNAPSHOT_BYTES,
      ),
  };
}

/** Asks auth about one token (RFC 7662), for the policy `introspect`. */
export function httpIntrospection(options: HttpSourceOptions): Introspect {
  const call = createCall(options, 'httpIntrospection');
  const form = 'application/x-www-form-urlencoded';
  return async (token, timeoutMs) => {
    const body = new URLSearchParams({ token, token_type_hint: 'access_token' }).toString();
    const bytes = await call.send(
      '/oauth2/introspect',
      form,
      body,
      timeoutMs,
      MAX_INTROSPECTION_BYTES,
    );
    const answer = parsed(bytes);
    if (typeof answer !== 'object' || answer === null || !('active' in answer)) {
      throw new Error('not an introspection response');
    }
    return answer.active === true;
  };
}

/** @returns undefined for what is no JSON: the parser's own error quotes the answer, and no log must */
function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function createCall(options: HttpSourceOptions, of: string) {
  demandOption(typeof options === 'object' && options !== null, of, 'its argument', 'an object');
  const { authUrl, clientId, clientSecret, fetch: ask = fetch } = options;
  // Over anything else the secret would be sent in the open.
  demandSafeAddress(authUrl, of, 'authUrl');
  demandText(clientId, of, 'clientId');
  demandText(clientSecret, of, 'clientSecret');
  demandFunctionIfGiven(options.fetch, of, 'fetch');
  const base = authUrl.replace(/\/$/, '');
  const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
  const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;

  let problem: { text: string; at: number } | undefined;
  const demanded = async (
    path: string,
    contentType: string | undefined,
    body: string | undefined,
    timeoutMs: number,
    maxBytes: number,
  ): Promise<Uint8Array> => {
    const signal = AbortSignal.timeout(Math.max(1, Math.floor(timeoutMs)));
    const response = await ask(`${base}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      redirect: 'error',
      signal,
      headers: {
        authorization,
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body }),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new OtherAnswer(path, response.status);
    }
    return await readBounded(response, maxBytes, signal);
  };
  return {
    send: async (...call: Parameters<typeof demanded>): Promise<Uint8Array> => {
      try {
        const bytes = await demanded(...call);
        problem = undefined;
        return bytes;
      } catch (error) {
        const isAnswered = error instanceof OtherAnswer;
        const text = `${base}${isAnswered ? '' : ' has given no answer by HTTP: '}${reasonOf(error)}`;
        problem = { text, at: performance.now() };
        throw error;
      }
    },
    problems: () =>
      problem === undefined || performance.now() - problem.at > TELLING_MS ? [] : [problem.text],
  };
}

/** As in `/v1/grants was answered 404: check authUrl, or …`. */
class OtherAnswer extends Error {
  override name = 'OtherAnswer';

  constructor(path: string, status: number) {
    super(`${path} was answered ${status}${adviceFor(status)}`);
  }
}

const REFUSED =
  ': auth has refused the credentials of the client; check clientId and clientSecret (client.id and client.secret of ' +
  'connectVerifier, PORTCULLIS_CLIENT_ID and PORTCULLIS_CLIENT_SECRET in the environment): `npm run service -- list` ' +
  'names the file that has them, and `npm run service -- add` with the same words gives them to the client once more';

const NOT_ALLOWED =
  ': the client may not do that; it is the one of another service, or lacks the scope: PORTCULLIS_CLIENT_ID (client.id of ' +
  'connectVerifier) and its secret have to be those of this service, whose client and file `npm run service -- list` names';

function adviceFor(status: number): string {
  if (status === 401) return REFUSED;
  if (status === 403) return NOT_ALLOWED;
  return status === 404 ? ': check authUrl, or issuer where there is no authUrl' : '';
}
