/** What a verifier counts, for any collector of metrics, under the names that the services of Portcullis have. */
import type { Verifier } from '../verifier.ts';

export interface VerifierMetric {
  /** As in `portcullis_verifier_grants_total`. */
  readonly name: string;
  readonly help: string;
  /** A counter is read too: the verifier counts by itself. */
  readonly type: 'gauge' | 'counter';
  readonly read: () => number;
}

/** Whatever names of permissions and roles it knows. */
type AnyVerifier = Pick<Verifier<never, never>, 'state' | 'freshnessLeftMs' | 'stats' | 'keySet'>;

type Row = readonly [
  type: VerifierMetric['type'],
  name: string,
  help: string,
  read: (verifier: AnyVerifier) => number,
];

const ROWS: readonly Row[] = [
  [
    'gauge',
    'portcullis_verifier_freshness_left_seconds',
    'For how much longer tokens may be accepted without word',
    (verifier) => Math.max(0, verifier.freshnessLeftMs / 1_000),
  ],
  [
    'gauge',
    'portcullis_verifier_ledger_entries',
    'Revocations that are kept',
    (verifier) => verifier.stats().entries,
  ],
  [
    'gauge',
    'portcullis_verifier_position',
    'Everything in the log up to here has been applied',
    (verifier) => verifier.stats().position,
  ],
  [
    'counter',
    'portcullis_verifier_tokens_accepted_total',
    'Tokens accepted',
    (verifier) => verifier.stats().accepted,
  ],
  [
    'counter',
    'portcullis_verifier_tokens_refused_total',
    'Tokens refused',
    (verifier) => verifier.stats().refused,
  ],
  [
    'counter',
    'portcullis_verifier_revocations_applied_total',
    'Revocations applied',
    (verifier) => verifier.stats().applied,
  ],
  [
    'counter',
    'portcullis_verifier_grants_total',
    'Grants received',
    (verifier) => verifier.stats().grants,
  ],
  [
    'counter',
    'portcullis_verifier_grant_failures_total',
    'Grants not received',
    (verifier) => verifier.stats().grantFailures,
  ],
  [
    // Until one succeeded there is no age, and an alarm on a great one has to fire.
    'gauge',
    'portcullis_verifier_key_set_age_seconds',
    'Since the key set was fetched; +Inf before it ever was',
    ({ keySet: { ageMs } }) => (ageMs === undefined ? Number.POSITIVE_INFINITY : ageMs / 1_000),
  ],
  [
    'gauge',
    'portcullis_verifier_keys_vouched',
    'Keys that came with grants since the key set was fetched',
    (verifier) => verifier.keySet.vouched,
  ],
  [
    'gauge',
    'portcullis_verifier_killed_keys_published',
    'Keys that were killed, and that the issuer publishes all the same',
    (verifier) => verifier.keySet.killed.length,
  ],
  [
    'counter',
    'portcullis_verifier_key_set_failures_total',
    'Fetches of the key set that failed',
    (verifier) => verifier.keySet.failures,
  ],
  [
    'counter',
    'portcullis_verifier_malformed_total',
    'Messages that could not be read',
    (verifier) => verifier.stats().malformed,
  ],
];

/**
 * @returns what to register, each read from the verifier when it is collected. Its state and how long revocations were
 *   on their way are not among these: `verifier.state`, and `onApplied`
 */
export function verifierMetrics(verifier: AnyVerifier): readonly VerifierMetric[] {
  return ROWS.map(([type, name, help, read]) => ({
    name,
    help,
    type,
    read: () => read(verifier),
  }));
}
