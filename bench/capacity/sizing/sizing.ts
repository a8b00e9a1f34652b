/** What a system needs, by arithmetic over what was measured. */
import {
  CHURN,
  DATABASE_MS,
  GRANTS_IN_S,
  HASH_MIB,
  IN_FORCE_SECONDS,
  LEDGER_BYTES,
  LOAD,
  PROCESSOR_MS,
  RESTING_MIB,
  ROW_BYTES,
  S_SECONDS,
  SESSION_DAYS,
  VERIFIERS_OF_SERVICE,
} from './constants.ts';

export interface Demand {
  readonly users: number;
  /** Each ends with a logout within the day. */
  readonly loginsAnHour: number;
  readonly verifiers: number;
  /** Until the logout. */
  readonly refreshesALogin: number;
  /** Instances of auth. */
  readonly instances: number;
  /** Each with a NATS of its own that is a leaf of the first one's; auth and PostgreSQL are in the first. */
  readonly regions: number;
}

export interface Sizing {
  /** A second. */
  readonly rates: { logins: number; refreshes: number; logouts: number; grants: number };
  /** Processors at half load: of auth for hashing and for the rest, of PostgreSQL for its statements. */
  readonly cores: { all: number; hashing: number; auth: number; PostgreSQL: number };
  readonly revocationsInForce: number;
  /** MiB: of an instance of auth, and of what a verifier adds to its service. */
  readonly memory: { auth: number; verifier: number };
  /** Bytes after a year, with what is never pruned. */
  readonly disk: Record<'all' | keyof typeof ROW_BYTES, number>;
  /** That NATS delivers, a second. */
  readonly messages: { all: number; grants: number; pushes: number; confirmations: number };
  /** Messages a second between the first region and another one, both ways, as leaf nodes pass them on. */
  readonly acrossLink: number;
  /** Names that so many verifiers need at least. */
  readonly services: number;
}

const MIB = 2 ** 20;
const DAYS = 365;
const SECONDS_OF_DAY = 86_400;
const MOST_HASHES = 8;

export function sizingOf(demand: Demand): Sizing {
  const { users, loginsAnHour, verifiers, refreshesALogin, instances, regions } = demand;
  const logins = loginsAnHour / 3_600;
  const logouts = logins;
  const refreshes = logins * refreshesALogin;
  const grants = (verifiers * GRANTS_IN_S) / S_SECONDS;
  const confirmations = logouts * verifiers;
  const { hash, login, refresh, logout, grant, confirmation } = PROCESSOR_MS;
  const authMs =
    logins * login +
    refreshes * refresh +
    logouts * logout +
    grants * grant +
    confirmations * instances * confirmation;
  const databaseMs =
    logins * DATABASE_MS.login +
    refreshes * DATABASE_MS.refresh +
    logouts * DATABASE_MS.logout +
    grants * DATABASE_MS.grant;
  const cores = (ms: number): number => ms / 1_000 / LOAD;
  const [hashing, auth, database] = [cores(logins * hash), cores(authMs), cores(databaseMs)];
  const revocationsInForce = logouts * IN_FORCE_SECONDS;
  const ledger = (revocationsInForce * LEDGER_BYTES) / MIB;
  const hashes = Math.min(MOST_HASHES, Math.max(1, Math.ceil(hashing / instances)));
  const messages = {
    // The question and the answer.
    grants: 2 * grants,
    // The revocation, and the position that it has been given.
    pushes: 2 * confirmations,
    // To every instance of auth.
    confirmations: confirmations * instances,
  };
  const disk = diskOf(users, logins);
  return {
    rates: { logins, refreshes, logouts, grants },
    cores: { all: hashing + auth + database, hashing, auth, PostgreSQL: database },
    revocationsInForce,
    memory: { auth: RESTING_MIB.auth + ledger + hashes * HASH_MIB, verifier: ledger },
    disk: { all: sum(disk), ...disk },
    messages: { all: sum(messages), ...messages },
    // A push goes over the link once for all; what a verifier asks and confirms, each by itself.
    acrossLink: regions < 2 ? 0 : (2 * grants + confirmations) / regions + 2 * logouts,
    services: Math.ceil(verifiers / VERIFIERS_OF_SERVICE),
  };
}

/** @param logins a second, and as many logouts: each is a row of the trail, with its origin */
function diskOf(users: number, logins: number): Record<keyof typeof ROW_BYTES, number> {
  const aDay = logins * SECONDS_OF_DAY;
  return {
    users: users * ROW_BYTES.users,
    sessions: aDay * (1 + SESSION_DAYS) * ROW_BYTES.sessions * CHURN,
    revocation_log: logins * IN_FORCE_SECONDS * ROW_BYTES.revocation_log * CHURN,
    audit_log: 2 * aDay * DAYS * ROW_BYTES.audit_log,
    audit_origins: 2 * aDay * DAYS * ROW_BYTES.audit_origins,
  };
}

const sum = (parts: Readonly<Record<string, number>>): number =>
  Object.values(parts).reduce((all, one) => all + one, 0);
