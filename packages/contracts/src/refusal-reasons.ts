/**
 * Why a token did not let its request in: one table. The client sees the code, which is the same for many reasons, so
 * that an attacker learns nothing from it; the reason is for the log, the metrics and `explain` of a verifier.
 *
 * An entry of its own: what verifies tokens needs the names alone, and is bundled without these texts.
 *
 * Invariants: at most 40, so that each may be a label of a metric. A name is never given to another meaning.
 */
export const REFUSAL_REASONS = {
  // What the request brings.
  no_token: {
    code: 'invalid_token',
    next: 'send `Authorization: Bearer …`, or `DPoP …` for a bound token; in cookie mode the cookie',
  },
  several_tokens: {
    code: 'invalid_token',
    next: 'send one `Authorization` header or one cookie, or the same token in both',
  },
  cross_site: {
    code: 'cross_site',
    next: 'name the page in `PORTCULLIS_WEB_ORIGINS` (`cookies.origins` of a guard), or send the token in the header',
  },
  // Its form.
  token_malformed: {
    code: 'invalid_token',
    next: 'look at what is sent: no token, one that was cut or changed, or one that libraries read in different ways',
  },
  header_refused: {
    code: 'invalid_token',
    next: 'send tokens of this issuer: the header has a parameter that none of them has, or names no key of its form',
  },
  algorithm_refused: {
    code: 'invalid_token',
    next: 'send tokens of this issuer: another algorithm than ES256, RS256 and EdDSA is one of another product, or an attack',
  },
  not_an_access_token: {
    code: 'invalid_token',
    next: 'send the access token: this is an ID token, a refresh token or something else',
  },
  // What it says.
  other_issuer: {
    code: 'invalid_token',
    next: 'set `issuer` to exactly what `iss` says: a letter, a `/` at the end, or `127.0.0.1` for `localhost` is another one',
  },
  claims_malformed: {
    code: 'invalid_token',
    next: '`explain` names the claims: not issued by this auth, or by a release to come',
  },
  other_audience: {
    code: 'invalid_token',
    next: 'compare `aud` with `audience`: a typo, a client that asked for another, or one that `PORTCULLIS_AUDIENCES` lacks',
  },
  life_out_of_bounds: {
    code: 'invalid_token',
    next: 'raise `maxTokenLifeSeconds`, or shorten `PORTCULLIS_ACCESS_TOKEN_SECONDS`',
  },
  // Its key and its signature.
  key_unknown: {
    code: 'invalid_token',
    next: 'sign in again: the issuer has no such key; a token of another issuer, or of before a restore',
  },
  key_killed: {
    code: 'invalid_token',
    next: 'sign in again: the key was killed; if the issuer goes on signing with it, see its log',
  },
  key_set_unavailable: {
    code: 'unavailable',
    next: 'see that the service reaches the key set of auth; until then tokens of unknown keys are not judged',
  },
  signature_wrong: {
    code: 'invalid_token',
    next: 'look at what is sent: changed on its way, or forged',
  },
  // Its time, by the issuer's clock.
  expired: { code: 'invalid_token', next: 'refresh: the token has expired' },
  not_valid_yet: {
    code: 'invalid_token',
    next: 'set the clocks: it was issued, or is valid, more than 5 s ahead of the issuer’s clock',
  },
  // What has ended it.
  session_revoked: { code: 'invalid_token', next: 'sign in again: the session has ended' },
  token_revoked: { code: 'invalid_token', next: 'refresh: this one token was revoked' },
  subject_revoked: {
    code: 'invalid_token',
    next: 'sign in again: the user was logged out everywhere, disabled or deleted',
  },
  client_revoked: {
    code: 'invalid_token',
    next: 'see whether the client is disabled: all that it held has ended',
  },
  client_subject_revoked: {
    code: 'invalid_token',
    next: 'sign in again: what this client held for this user has ended',
  },
  issuer_revoked: {
    code: 'invalid_token',
    next: 'sign in again: everything issued before was ended at once',
  },
  claims_changed: { code: 'token_stale', next: 'refresh: roles have changed since' },
  // What the verifier knows.
  not_ready: {
    code: 'verifier_stale',
    next: 'wait for the first grant: `problems()` and the log of the service tell what is missing; or it was closed',
  },
  stale: {
    code: 'verifier_stale',
    next: 'see that NATS and auth are reached: no grant has come for S',
  },
  introspected_inactive: {
    code: 'invalid_token',
    next: 'sign in again: auth, which was asked, says that the token does not hold',
  },
  introspection_failed: {
    code: 'verifier_stale',
    next: 'see that auth is reached, and the machine client: nothing vouches for the token, and auth did not answer',
  },
  // The key that it is bound to.
  proof_missing: {
    code: 'invalid_token',
    next: 'send the `DPoP` scheme with a proof: the token is bound to a key',
  },
  not_bound: {
    code: 'invalid_token',
    next: 'send the token as `Bearer`: it is bound to no key',
  },
  proof_refused: {
    code: 'invalid_dpop_proof',
    next: 'make a proof for this method, address and token; behind a proxy set `PORTCULLIS_PUBLIC_URL`; set the client’s clock',
  },
  proof_used: {
    code: 'invalid_dpop_proof',
    next: 'make a proof for each request: this one was seen before',
  },
  proofs_full: {
    code: 'overloaded',
    next: 'add instances: more proofs came within a minute than one may remember',
  },
  nonce_wanted: {
    code: 'use_dpop_nonce',
    next: 'nothing: the client repeats the call with the nonce of `DPoP-Nonce`',
  },
  // The caller, whose token holds.
  other_caller: {
    code: 'insufficient_scope',
    next: 'call as what `require` names: this is a user where clients are required, or a client',
  },
  permission_missing: {
    code: 'insufficient_scope',
    next: 'give the user the role, or one that carries the permission',
  },
  scope_missing: {
    code: 'insufficient_scope',
    next: 'give the client the scope, and have it ask for it; a user’s token is narrowed to what its scope names',
  },
  roles_unknown: {
    code: 'unavailable',
    next: 'wait for the next grant: what the roles carry has changed; if it stays, see that the key set of auth is reached',
  },
  login_too_old: { code: 'login_too_old', next: 'log in again, then repeat the call' },
  login_too_weak: {
    code: 'login_too_weak',
    next: 'log in by one of the classes of `login.acr`, then repeat the call',
  },
} as const satisfies Readonly<Record<string, { code: string; next: string }>>;

export type RefusalReason = keyof typeof REFUSAL_REASONS;
