/**
 * Binds tokens to a key that this client holds (RFC 9449): what is copied from it is of no use to
 * any other client.
 *
 * A `fetch` around the real one adds to every request a proof made for it alone, and the nonce that its
 * origin gave last. A request that is refused for its nonce is sent again once, with the one that this very
 * refusal brought: the newest may be of another server, where several are below one origin.
 * Proofs are dated by the clock of the servers, as far as their answers show it: many a device's is
 * wrong. A refused one is sent again once where its answer has shown another time than was assumed.
 */
import { isRecord } from './answer-shape.ts';
import type { Fetch } from './exchange.ts';

/** ES256; the private half need not be extractable, and is not when it is made here. */
const KEY = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };
const BEARER = 'Bearer ';
/** `Date` has whole seconds, and was a moment on its way. */
const CLOCKS_AGREE_MS = 3_000;

/** Makes a key whose private half cannot be read, by this program either; keep it in IndexedDB. */
export async function createDpopKey(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(KEY, false, ['sign', 'verify']);
}

/** A key; or how to get one when it is first needed: `true` makes one. */
export type DpopKeys = CryptoKeyPair | true | (() => CryptoKeyPair | Promise<CryptoKeyPair>);

/** @throws what a function among the keys throws; it is asked again at the next request */
export function dpopFetch(fetch: Fetch, keys: DpopKeys): Fetch {
  let prover: Promise<Prover> | undefined;
  /** How far the servers' clock is ahead of this device's, in milliseconds. */
  let ahead = 0;
  /** The newest nonce of each origin: a guess, where several servers are below one. */
  const nonces = new Map<string, string>();

  return async (input, init = {}) => {
    prover ??= proverOf(keys).catch((error: unknown) => {
      prover = undefined;
      throw error;
    });
    const prove = await prover;
    const url = new URL(input instanceof Request ? input.url : String(input));
    const send = async (nonceAsked?: string): Promise<Response> => {
      const stamp = { nonce: nonceAsked ?? nonces.get(url.origin), now: Date.now() + ahead };
      const response = await fetch(input, await proven(prove, url, init, stamp));
      ahead = aheadOf(response) ?? ahead;
      const nonce = response.headers.get('dpop-nonce');
      if (nonce !== null) nonces.set(url.origin, nonce);
      return response;
    };
    const thought = ahead;
    let response = await send();
    const isLate = Math.abs(ahead - thought) > CLOCKS_AGREE_MS;
    if (isLate && (await isRefusedFor(response, 'invalid_dpop_proof'))) response = await send();
    const asked = await nonceAskedBy(response);
    return asked === undefined ? response : await send(asked);
  };
}

/** The request with a proof of its own; an access token in it becomes one that is bound. */
async function proven(
  prove: Prover,
  url: URL,
  init: RequestInit,
  stamp: Stamp,
): Promise<RequestInit> {
  const headers = new Headers(init.headers);
  const authorization = headers.get('authorization');
  const token = authorization?.startsWith(BEARER) === true ? authorization.slice(7) : undefined;
  if (token !== undefined) headers.set('authorization', `DPoP ${token}`);
  headers.set('dpop', await prove({ method: init.method ?? 'GET', url, token, ...stamp }));
  return { ...init, headers };
}

async function nonceAskedBy(response: Response): Promise<string | undefined> {
  const nonce = response.headers.get('dpop-nonce');
  if (nonce === null || !(await isRefusedFor(response, 'use_dpop_nonce'))) return undefined;
  return nonce;
}

/** RFC 9449 sections 5, 7 and 8: a token endpoint says so in its body, a service in its challenge. */
async function isRefusedFor(response: Response, error: string): Promise<boolean> {
  if (response.status === 401) {
    return response.headers.get('www-authenticate')?.includes(`error="${error}"`) === true;
  }
  if (response.status !== 400) return false;
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return isRecord(body) && body['error'] === error;
}

/** @returns undefined where the answer has no date; zero for what is within its own accuracy */
function aheadOf({ headers }: Response): number | undefined {
  const ahead = Date.parse(headers.get('date') ?? '') - Date.now();
  if (Number.isNaN(ahead)) return undefined;
  return Math.abs(ahead) > CLOCKS_AGREE_MS ? ahead : 0;
}

interface Stamp {
  nonce: string | undefined;
  /** Milliseconds since the epoch. */
  now: number;
}
interface Proven extends Stamp {
  method: string;
  url: URL;
  token: string | undefined;
}
type Prover = (request: Proven) => Promise<string>;

async function proverOf(keys: DpopKeys): Promise<Prover> {
  const make = keys === true ? createDpopKey : typeof keys === 'function' ? keys : () => keys;
  const { privateKey, publicKey } = await make();
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  const header = encode(JSON.stringify({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } }));
  return async ({ method, url, token, nonce, now }) => {
    const claims = {
      jti: crypto.randomUUID(),
      htm: method,
      htu: url.origin + url.pathname,
      iat: Math.floor(now / 1_000),
      ...(token === undefined ? {} : { ath: await hashOf(token) }),
      ...(nonce === undefined ? {} : { nonce }),
    };
    const signed = `${header}.${encode(JSON.stringify(claims))}`;
    const signature = await crypto.subtle.sign(SIGNATURE, privateKey, bytesOf(signed));
    return `${signed}.${base64url(new Uint8Array(signature))}`;
  };
}

async function hashOf(token: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', bytesOf(token))));
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function encode(text: string): string {
  return base64url(bytesOf(text));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
