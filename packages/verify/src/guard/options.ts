/** What a guard is made with, looked at and copied before anything is made of it. */
import {
  demandMethods,
  demandOption,
  isPermissionName,
  isRoleName,
  type Requirement,
  type StalenessPolicy,
} from '@portcullis/contracts';
import type { CookiePolicy } from '../cookie/index.ts';
import type { DpopNonces } from '../proof/dpop-nonces.ts';
import { demandStalenessPolicy } from '../stale/policy-name.ts';
import type { VerifyOptions } from '../verifier.ts';
import type { TokenPolicy } from './token-of.ts';

/** What the login behind a user's token has to be (RFC 9470). A client has no login, and is refused. */
export interface LoginDemands {
  /** The classes that will do, the best first. */
  acr?: readonly string[];
  /** Seconds since the login, by the issuer's clock. */
  maxAgeSeconds?: number;
}

/** What is there is meant: a demand that is `undefined` is refused, and not taken for none. */
export interface GuardOptions<
  R extends Requirement<string, string> = Requirement,
> extends TokenPolicy {
  /** Who may call; `'user'` unless given. */
  require?: R;
  /** A stricter policy than the verifier's own, for what must not be served in doubt. */
  whenStale?: StalenessPolicy;
  /**
   * Has the proofs of bound tokens hold a nonce of ours (RFC 9449 section 9), so that none can be made in
   * advance: `createDpopNonces(secret)`. Not for sockets, which have no answer to give the next one with.
   */
  nonces?: DpopNonces;
  /** Step-up: a login of these classes, or a recent one. */
  login?: LoginDemands;
}

/** What was meant at construction, whatever becomes of the options. */
export interface GuardSettings {
  readonly required: Requirement<string, string>;
  readonly policy: TokenPolicy;
  /** For a token that comes without a proof. */
  readonly ofBearers: VerifyOptions;
  readonly nonces: DpopNonces | undefined;
  readonly login: LoginDemands | undefined;
}

const OF = 'guard';
/** Without these a guard would let in more. */
const DEMANDS = ['require', 'whenStale', 'nonces', 'login'];
const KNOWN = [...DEMANDS, 'cookies', 'publicUrls'];
const WORDS: ReadonlySet<unknown> = new Set(['user', 'client', 'any']);
const NAMED = ['permission', 'role', 'scope'];
/** NQCHAR of RFC 6749 section 3.3: it stands in a challenge in quotes. */
const WORD = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;
const PUBLIC_URL = /^https?:\/\/[^\s?#\\]*[^\s?#\\/]$/i;

/** @throws TypeError that names the first option that cannot be meant */
export function guardSettings(options: GuardOptions<Requirement<string, string>>): GuardSettings {
  demandGuardOptions(options);
  const { require = 'user', whenStale, nonces, login, cookies, publicUrls = [] } = options;
  return {
    required: typeof require === 'object' ? { ...require } : require,
    policy: { cookies: copyOfCookies(cookies), publicUrls: [...publicUrls] },
    ofBearers: whenStale === undefined ? {} : { whenStale },
    nonces,
    login: login === undefined ? undefined : copyOfLogin(login),
  };
}

function copyOfLogin({ acr, ...login }: LoginDemands): LoginDemands {
  return acr === undefined ? login : { ...login, acr: [...acr] };
}

function copyOfCookies(cookies: CookiePolicy | undefined): CookiePolicy | undefined {
  if (cookies === undefined) return undefined;
  return { insecure: cookies.insecure === true, origins: [...(cookies.origins ?? [])] };
}

function demandGuardOptions(options: GuardOptions<Requirement<string, string>>): void {
  demandOption(isObject(options), OF, 'its options', 'an object');
  demandKnown(options, KNOWN, '');
  demandGiven(options, DEMANDS, '');
  const { require = 'user', whenStale, nonces, login, cookies, publicUrls = [] } = options;
  demandRequirement(require);
  if (whenStale !== undefined) demandStalenessPolicy(whenStale, OF);
  if (nonces !== undefined) demandMethods(nonces, OF, 'nonces', ['issue', 'read']);
  if (login !== undefined) demandLogin(login, require);
  if (cookies !== undefined) demandCookies(cookies);
  demandOption(Array.isArray(publicUrls), OF, 'publicUrls', 'a list of URLs');
  const expected = 'http URLs without query, fragment and credentials, and without a slash behind';
  demandOption(publicUrls.every(isPublicUrl), OF, 'publicUrls', expected);
}

function demandRequirement(required: unknown): void {
  if (WORDS.has(required)) return;
  const given = isObject(required) ? Object.entries(required) : [];
  const entries = given.filter(([key]) => key !== 'users');
  const [users] = given.filter(([key]) => key === 'users');
  const [[name, value] = ['', undefined]] = entries;
  const expected =
    "'user', 'client', 'any', or one of { permission }, { role }, { scope } and { scope, users: true }";
  demandOption(entries.length === 1 && NAMED.includes(name), OF, 'require', expected);
  const takesUsers = name === 'scope' && users?.[1] === true;
  demandOption(users === undefined || takesUsers, OF, 'require', expected);
  const option = `require.${name}`;
  demandOption(isWord(value), OF, option, 'one word of printable characters');
  if (name === 'role') demandOption(isRoleName(value), OF, option, 'the name of a role');
  if (name === 'permission') {
    demandOption(isPermissionName(value), OF, option, 'the name of a permission');
  }
}

function demandLogin(login: LoginDemands, required: Requirement<string, string>): void {
  demandOption(isObject(login), OF, 'login', 'an object');
  const names = ['acr', 'maxAgeSeconds'];
  demandKnown(login, names, 'login.');
  demandGiven(login, names, 'login.');
  const isOfClients = required === 'client' || (isObject(required) && 'scope' in required);
  demandOption(!isOfClients, OF, 'login', 'left out: a client has none');
  const { acr, maxAgeSeconds } = login;
  const isGiven = acr !== undefined || maxAgeSeconds !== undefined;
  demandOption(isGiven, OF, 'login', 'an object with acr or maxAgeSeconds');
  if (acr !== undefined) {
    const holds = Array.isArray(acr) && acr.length > 0 && acr.every(isWord);
    demandOption(holds, OF, 'login.acr', 'a list of words of printable characters');
  }
  if (maxAgeSeconds !== undefined) {
    const holds = Number.isSafeInteger(maxAgeSeconds) && maxAgeSeconds >= 0;
    demandOption(holds, OF, 'login.maxAgeSeconds', 'a whole number of seconds, 0 or more');
  }
}

function demandCookies(cookies: CookiePolicy): void {
  demandOption(isObject(cookies), OF, 'cookies', 'an object');
  demandKnown(cookies, ['insecure', 'origins'], 'cookies.');
  const { insecure = false, origins = [] } = cookies;
  demandOption(typeof insecure === 'boolean', OF, 'cookies.insecure', 'true or false');
  const expected = 'a list of origins, such as https://app.example.com';
  demandOption(Array.isArray(origins) && origins.every(isOrigin), OF, 'cookies.origins', expected);
}

/** A demand that is misspelt would not be made. */
function demandKnown(options: object, names: readonly string[], within: string): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  const option = `${within}${unknown ?? ''}`;
  demandOption(unknown === undefined, OF, option, 'left out: there is no such option');
}

function demandGiven(options: object, names: readonly string[], within: string): void {
  const empty = names.find((name) => name in options && Reflect.get(options, name) === undefined);
  demandOption(empty === undefined, OF, `${within}${empty ?? ''}`, 'given, or left out altogether');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWord(value: unknown): boolean {
  return typeof value === 'string' && WORD.test(value);
}

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value;
}

/** A path is put behind it, so that nothing may stand there that a path would become a part of. */
function isPublicUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !PUBLIC_URL.test(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === '' && password === '';
}
