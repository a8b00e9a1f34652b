/**
 * The form of claims, read by hand. A signature by RSA is checked in 25 µs; the schemas of the contracts
 * would add 13 µs to that, where this adds one.
 *
 * Invariant: it does as `userClaims` and `machineClaims` do. It accepts what they accept and refuses
 * what they refuse, and what it returns has the members that they return; claims that they do not
 * know are dropped. test/claims-form.test.ts holds the two against each other.
 */
import {
  isClientId,
  isSessionId,
  isTokenId,
  isUserId,
  MAX_ROLES,
  MAX_SCOPE_LENGTH,
  type AccessTokenClaims,
  type MachineClaims,
  type UserClaims,
} from '@portcullis/contracts';

type Payload = Readonly<Record<string, unknown>>;

const MAX_TIME = 253_402_300_799;
const MAX_GENERATION = 2_147_483_647;
const SCOPE = /^(?:[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*)?$/;
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;

/** @returns undefined for what has another form */
export function readClaimsForm(payload: Payload): AccessTokenClaims | undefined {
  // A user's token has a session, a client's has none; so only one of the two can fit.
  if (payload['sid'] !== undefined)
    return isUserPayload(payload) ? userClaimsOf(payload) : undefined;
  return isClientPayload(payload) ? machineClaimsOf(payload) : undefined;
}

// Each in one literal: V8 adds members to what was spread into an object one at a time, the slow way,
// which takes 8 µs for a user's, and 16 once it is frozen. What is read each time a token is seen
// again comes first, so that it is fetched from memory together.

function userClaimsOf(payload: UserClaims): UserClaims {
  const { sub, exp, iat, sid, jti, gen, cgen, igen, client_id } = payload;
  const { roles, iss, aud, auth_time, amr, acr, csgen, scope } = payload;
  const claims: UserClaims = withOptional(
    { sub, exp, iat, sid, jti, gen, cgen, igen, client_id, roles, iss, aud, auth_time, amr },
    payload,
  );
  if (csgen !== undefined) claims.csgen = csgen;
  if (acr !== undefined) claims.acr = acr;
  if (scope !== undefined) claims.scope = scope;
  return claims;
}

function machineClaimsOf(payload: MachineClaims): MachineClaims {
  const { sub, exp, iat, jti, gen, cgen, igen, client_id, scope, iss, aud } = payload;
  return withOptional({ sub, exp, iat, jti, gen, cgen, igen, client_id, scope, iss, aud }, payload);
}

function withOptional<C extends AccessTokenClaims>(claims: C, { nbf, cnf }: C): C {
  if (nbf !== undefined) claims.nbf = nbf;
  if (cnf !== undefined) claims.cnf = { jkt: cnf.jkt };
  return claims;
}

function isUserPayload(payload: Payload): payload is UserClaims {
  const { sub, sid, roles, auth_time, amr, acr, csgen, scope } = payload;
  return (
    hasCommonClaims(payload) &&
    isUserId(sub) &&
    isSessionId(sid) &&
    isList(roles, isRoleText, 0, MAX_ROLES) &&
    isTime(auth_time) &&
    isList(amr, isMethod, 1, 8) &&
    (csgen === undefined || isGeneration(csgen)) &&
    (acr === undefined || isText(acr, 128)) &&
    (scope === undefined || isScope(scope))
  );
}

function isClientPayload(payload: Payload): payload is MachineClaims {
  const { sub, scope, roles, csgen } = payload;
  return (
    hasCommonClaims(payload) &&
    isClientId(sub) &&
    isScope(scope) &&
    roles === undefined &&
    csgen === undefined
  );
}

/** What every token has to say. */
function hasCommonClaims({
  iss,
  aud,
  exp,
  iat,
  nbf,
  jti,
  client_id,
  gen,
  cgen,
  igen,
  cnf,
}: Payload): boolean {
  return (
    isText(iss, 512) &&
    isAudience(aud) &&
    isTime(exp) &&
    isTime(iat) &&
    (nbf === undefined || isTime(nbf)) &&
    isTokenId(jti) &&
    isClientId(client_id) &&
    isGeneration(gen) &&
    isGeneration(cgen) &&
    isGeneration(igen) &&
    (cnf === undefined || isConfirmation(cnf))
  );
}

const NAMES =
  'iss aud exp iat nbf jti client_id gen cgen igen cnf sub sid roles auth_time amr csgen acr scope'.split(
    ' ',
  );
const BODY = '0'.repeat(26);
const GOOD = {
  iss: 'a',
  aud: 'a',
  exp: 1,
  iat: 1,
  jti: `tok_${BODY}`,
  client_id: 'cli_a',
  gen: 0,
  cgen: 0,
  igen: 0,
};
const GOOD_USER = {
  ...GOOD,
  sub: `usr_${BODY}`,
  sid: `ses_${BODY}`,
  roles: [],
  auth_time: 1,
  amr: ['a'],
};
const GOOD_CLIENT = { ...GOOD, sub: 'cli_a', scope: '' };

/**
 * For the log, once they are refused: which claims would have good ones refused.
 *
 * @returns the names of the claims that have another form
 */
export function wrongClaimsOf(payload: Payload): string[] {
  const good = payload['sid'] === undefined ? GOOD_CLIENT : GOOD_USER;
  return NAMES.filter((name) => readClaimsForm({ ...good, [name]: payload[name] }) === undefined);
}

function isText(value: unknown, most: number): boolean {
  return typeof value === 'string' && value.length >= 1 && value.length <= most;
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

function isTime(value: unknown): boolean {
  return isWhole(value, 1, MAX_TIME);
}

function isGeneration(value: unknown): boolean {
  return isWhole(value, 0, MAX_GENERATION);
}

function isList(
  value: unknown,
  is: (element: unknown) => boolean,
  least: number,
  most: number,
): boolean {
  return Array.isArray(value) && value.length >= least && value.length <= most && value.every(is);
}

function isOneAudience(value: unknown): boolean {
  return isText(value, 256);
}

function isAudience(value: unknown): boolean {
  return isOneAudience(value) || isList(value, isOneAudience, 1, 16);
}

/** Of any issuer, and any release: an unknown role carries nothing, and costs no token. */
function isRoleText(value: unknown): boolean {
  return isText(value, 64);
}

function isMethod(value: unknown): boolean {
  return isText(value, 16);
}

function isScope(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MAX_SCOPE_LENGTH && SCOPE.test(value);
}

function isConfirmation(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'jkt' in value &&
    typeof value.jkt === 'string' &&
    THUMBPRINT.test(value.jkt)
  );
}
