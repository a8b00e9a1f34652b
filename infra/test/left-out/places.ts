/** Places that compile without a kind of revocation: what is left out there, and exactly what fails then, by its name. */
import { REVOCATION_KIND_NAMES, REVOCATION_KINDS } from '@portcullis/contracts';

export interface LeftOut {
  place: string;
  /** In which of them, and where it is all of a file, its path. */
  file: string;
  /** Each stands there once. */
  instead: readonly (readonly [from: string, to: string])[];
  tests: readonly string[];
  /** What alone is run, of tests that need a service. */
  named?: string;
  /** Of each kind that is left out. */
  fails: readonly ((kind: string) => string)[];
  kinds?: readonly string[];
  /** What holds all the same, by another place. */
  except?: readonly string[];
  /** What names no kind. */
  besides?: readonly string[];
}

const LEDGER = 'packages/verify/src/revocation/ledger.ts';
const MERGING = 'packages/verify/src/revocation/merge-snapshot.ts';
const OF_A_VERIFIER = ['packages/verify/test/revocation-kinds.test.ts'];
const JUDGED = (kind: string) =>
  `a revocation of the kind ${kind} refuses its token in the ledger as the table says, and spares what it does not name`;
const SNAPSHOT = (kind: string) =>
  `a revocation of the kind ${kind} survives a snapshot, there and back`;
const CLOSES = (kind: string) =>
  `of each kind, at a verifier, ${kind} refuses a token and closes what watches it`;
const COLD_START = (kind: string) =>
  `of each kind, at a verifier, ${kind} refuses a token after a cold start`;
const BY_AUTH = (kind: string) =>
  `a revocation of the kind ${kind} is logged, refused by auth and by introspection, and known after a cold start`;

const KILLED = 'an access token is refused once its key was killed, before the ring of keys knows';

export const LEFT_OUT: readonly LeftOut[] = [
  {
    place: 'the verdict of the ledger',
    file: LEDGER,
    instead: [
      ['this.#sessions.has(claims.sid)', 'false'],
      ['this.#tokens.has(claims.jti)', 'false'],
      ['this.#keys.has(kid)', 'false'],
      ['claims.igen < this.#issuer.generation', 'false'],
      ['claims.gen < this.#subjects.generation(claims.sub)', 'false'],
      ['claims.cgen < this.#clients.generation(claims.client_id)', 'false'],
      ['this.#clientSubjects.size > 0 && this.#isRevokedForItsClient(claims)', 'false'],
      ['claims.gen < this.#changed.generation(claims.sub)', 'false'],
    ],
    tests: OF_A_VERIFIER,
    fails: [JUDGED, SNAPSHOT, CLOSES, COLD_START],
    // The set of keys lets go of it.
    except: [COLD_START('key')],
    besides: ['is judged by the ledger as by the table, whatever is revoked and presented'],
  },
  {
    place: 'the identifiers that ledgers take from a snapshot',
    file: MERGING,
    instead: [['yield store.raiseAll(records);', 'yield records.length === 0;']],
    tests: OF_A_VERIFIER,
    kinds: ['session', 'token', 'subject', 'claims_changed'],
    fails: [SNAPSHOT, COLD_START],
  },
  {
    place: 'what has a name in a snapshot',
    file: MERGING,
    instead: [['yield* mergeNamed(store, own.filter(isNamed));', 'yield false;']],
    tests: OF_A_VERIFIER,
    kinds: ['client', 'client_subject', 'key', 'issuer'],
    fails: [SNAPSHOT, COLD_START],
  },
  {
    place: 'what closes streams',
    file: 'packages/verify/src/revocation/watchers.ts',
    instead: [['carrier === null ? this.#all : this.#byKey.get(event.key)', 'undefined']],
    tests: OF_A_VERIFIER,
    fails: [CLOSES],
  },
  {
    place: 'where tokens carry keys',
    file: 'packages/contracts/src/revocation-kinds.ts',
    instead: [
      ['sid: ({ sid }) => sid,', 'sid: () => undefined,'],
      ['jti: ({ jti }) => jti,', 'jti: () => undefined,'],
      ['sub: ({ sub }) => sub,', 'sub: () => undefined,'],
      ['client_id: (claims) => claims.client_id,', 'client_id: () => undefined,'],
      ['sid === undefined ? undefined : `${client_id}/${sub}`', 'undefined'],
      ['kid: (_claims, kid) => kid,', 'kid: () => undefined,'],
    ],
    tests: OF_A_VERIFIER,
    kinds: REVOCATION_KIND_NAMES.filter((kind) => REVOCATION_KINDS[kind].carrier !== null),
    fails: [JUDGED, SNAPSHOT, CLOSES],
    besides: ['is judged by the ledger as by the table, whatever is revoked and presented'],
  },
  {
    place: "auth's own check, and introspection",
    file: 'apps/auth/src/token/token-status.ts',
    instead: [
      ['row.keyKilledAt === null', 'true'],
      ['row.tokenRevoked ?', 'false ?'],
      ['igen < row.issuerGeneration', 'false'],
      ['cgen < row.clientGeneration', 'false'],
      ['row.clientDisabledAt === null', 'true'],
      ['endedAt === null', 'true'],
      ['csgen < row.requiredClientSubjectGeneration', 'false'],
      ['gen < generation', 'false'],
      ['gen < clientGeneration', 'false'],
    ],
    tests: ['apps/auth/test/revocation/kinds.test.ts'],
    fails: [BY_AUTH],
    // The ring of keys refuses its signature.
    except: [BY_AUTH('key')],
  },
  {
    place: "auth's own check alone: no session has ended, and the ring of keys does not know yet",
    file: 'apps/auth/src/token/token-status.ts',
    instead: [
      ['csgen < row.requiredClientSubjectGeneration', 'false'],
      ['row.keyKilledAt === null', 'true'],
    ],
    tests: ['apps/auth/test/token/hostile-tokens.test.ts'],
    named: 'client_subject|killed',
    kinds: ['client_subject'],
    fails: [
      (kind) =>
        `an access token is refused below the generation of its ${kind}, whatever its session`,
      (kind) =>
        `an access token of 0.2.0, which has no csgen, is taken until its ${kind} was ended, whatever the igen`,
    ],
    besides: [KILLED],
  },
  {
    place: 'how long auth keeps an entry',
    file: 'apps/auth/src/change/write-revocation.ts',
    instead: [["REVOCATION_KINDS[revocation.kind].kept === 'for ever'", 'false']],
    tests: ['apps/auth/test/revocation/kinds.test.ts'],
    named: 'kind (key|issuer) ',
    kinds: ['key', 'issuer'],
    fails: [BY_AUTH],
  },
];
