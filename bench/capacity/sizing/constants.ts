/**
 * What one of each takes: the one place for what the calculator multiplies. docs/capacity.md says on what machine
 * each was measured, and by which part of `npm run capacity`; a slower processor takes more of it.
 */

/**
 * Of auth's processor, in milliseconds. Parts: `refreshes`, `logouts` (2 verifiers). What is called an estimate was looked at
 * in a short run on a busy machine alone (`grants`, `receipts-100`), or worked out.
 */
export const PROCESSOR_MS = {
  /** Argon2id as it is configured by default (64 MiB, three times): "some 50 ms of a core" (password-hasher.ts). */
  hash: 50,
  /** A login without its hash. An estimate: a refresh and a half. */
  login: 2.2,
  refresh: 1.44,
  logout: 5.34,
  /** An estimate. */
  grant: 0.5,
  /** What a verifier's confirmation takes. An estimate. */
  confirmation: 0.1,
} as const;

/** The database's own time, in milliseconds: what the statements take. Estimates all (`flatness`, `grants`). */
export const DATABASE_MS = { login: 1, refresh: 0.3, logout: 1, grant: 0.1 } as const;

/** Of a row, with its part of every index. Part: `growth`. */
export const ROW_BYTES = {
  users: 396,
  sessions: 459,
  revocation_log: 295,
  audit_log: 505,
  audit_origins: 230,
} as const;

/** What rows that come and go take beside themselves, until autovacuum has made room that is used again. */
export const CHURN = 1.5;

/** Of a process at rest, in MiB. Part: `at-rest`. */
export const RESTING_MIB = { auth: 98, user: 78, admin: 74 } as const;

/** Of each revocation in force, in auth and in each verifier. Part: `verifier`. */
export const LEDGER_BYTES = 25.9;
/** Of each hash that runs, in MiB, with the default parameters; one runs on each core, on eight at most. */
export const HASH_MIB = 64;

/** Seconds. docs/revocation.md, apps/auth/src/timing/lifetimes.ts. */
export const S_SECONDS = 5;
export const TOKEN_SECONDS = 600;
/** For which a revocation is in force: the life of a token and the margin. */
export const IN_FORCE_SECONDS = TOKEN_SECONDS + 900;
/** A verifier asks so often in S. */
export const GRANTS_IN_S = 3;
/** Of one service, that may be fresh at once. */
export const VERIFIERS_OF_SERVICE = 512;
/** A session is forgotten so many days after its end. */
export const SESSION_DAYS = 30;
/** Of a processor, that is used when all is well. */
export const LOAD = 0.5;
