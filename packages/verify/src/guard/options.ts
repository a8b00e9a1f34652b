/** What a guard is made with, looked at before anything is made of it. */
import {
  demandMethods,
  demandOption,
  isRole,
  type Requirement,
  type StalenessPolicy,
} from '@portcullis/contracts';
import type { CookiePolicy } from '../cookie/index.ts';
import type { DpopNonces } from '../proof/dpop-nonces.ts';
import { demandStalenessPolicy } from '../stale/policy.ts';
import type { TokenPolicy } from './token-of.ts';

/** What the login behind a user's token has to be (RFC 9470). A client has no login, and is refused. */
export interface LoginDemands {
  /** The classes that will do, the best first. */
  acr?: readonly string[] | undefined;
  /** Seconds since the login, by the issuer's clock. */
  maxAgeSeconds?: number | undefined;
}

export interface GuardOptions<R extends Requirement = Requirement> extends TokenPolicy {
  /** Who may call; `'user'` unless given. */
  require?: R | undefined;
  /** A stricter policy than the verifier's own, for what must not be served in doubt. */
  whenStale?: StalenessPolicy | undefined;
  /**
   * Has the proofs of bound tokens hold a nonce of ours (RFC 9449 section 9), so that none can be made in
   * advance: `createDpopNonces(secret)`.
   */
  nonces?: DpopNonces | undefined;
  /** Step-up: a login of these classes, or a recent one. */
  login?: LoginDemands | undefined;
}

const OF = 'guard';
const KNOWN: ReadonlySet<string> = new Set([
  'require',
  'whenStale',
  'login',
  'cookies',
  'publicUrls',
  'nonces',
]);
const WORDS: ReadonlySet<unknown> = new Set(['user', 'client', 'any']);
const NAMED = ['permission', 'role', 'scope'];
/** NQCHAR of RFC 6749 section 3.3: it stands in a challenge in quotes. */
const WORD = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;

/** @throws TypeError that names the first option that cannot be meant */
export function demandGuardOptions(options: GuardOptions): void {
  demandOption(isObject(options), OF, 'its options', 'an object');
  const unknown = Object.keys(options).find((name) => !KNOWN.has(name));
  demandOption(unknown === undefined, OF, unknown ?? '', 'left out: there is no such option');
  if (options.require !== undefined) demandRequirement(options.require);
  if (options.whenStale !== undefined) demandStalenessPolicy(options.whenStale, OF);
  if (options.nonces !== undefined) {
    demandMethods(options.nonces, OF, 'nonces', ['issue', 'read']);
  }
  if (options.login !== undefined) demandLogin(options.login);
  if (options.cookies !== undefined) demandCookies(options.cookies);
  const { publicUrls = [] } = options;
  demandOption(Array.isArray(publicUrls), OF, 'publicUrls', 'a list of URLs');
  demandOption(publicUrls.every(isPublicUrl), OF, 'publicUrls', 'http URLs without a slash behind');
}

function demandRequirement(required: unknown): void {
  if (WORDS.has(required)) return;
  const entries = isObject(required) ? Object.entries(required) : [];
  const [[name, value] = ['', undefined]] = entries;
  const expected = "'user', 'client', 'any', or one of { permission }, { role } and { scope }";
  demandOption(entries.length === 1 && NAMED.includes(name), OF, 'require', expected);
  const isWord = typeof value === 'string' && WORD.test(value);
  demandOption(isWord, OF, `require.${name}`, 'one word of printable characters');
  if (name === 'role') demandOption(isRole(value), OF, 'require.role', 'a role that there is');
}

function demandLogin(login: LoginDemands): void {
  demandOption(isObject(login), OF, 'login', 'an object');
  const { acr, maxAgeSeconds } = login;
  const isGiven = acr !== undefined || maxAgeSeconds !== undefined;
  demandOption(isGiven, OF, 'login', 'an object with acr or maxAgeSeconds');
  if (acr !== undefined) {
    const holds = Array.isArray(acr) && acr.length > 0 && acr.every((one) => WORD.test(one));
    demandOption(holds, OF, 'login.acr', 'a list of words of printable characters');
  }
  if (maxAgeSeconds !== undefined) {
    const holds = Number.isSafeInteger(maxAgeSeconds) && maxAgeSeconds >= 0;
    demandOption(holds, OF, 'login.maxAgeSeconds', 'a whole number of seconds, 0 or more');
  }
}

function demandCookies(cookies: CookiePolicy): void {
  demandOption(isObject(cookies), OF, 'cookies', 'an object');
  const { insecure = false, origins = [] } = cookies;
  demandOption(typeof insecure === 'boolean', OF, 'cookies.insecure', 'true or false');
  const expected = 'a list of origins, such as https://app.example.com';
  demandOption(Array.isArray(origins) && origins.every(isOrigin), OF, 'cookies.origins', expected);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value;
}

function isPublicUrl(value: unknown): boolean {
  return (
    typeof value === 'string' && /^https?:\/\/[^\s]*[^\s/]$/.test(value) && URL.canParse(value)
  );
}
