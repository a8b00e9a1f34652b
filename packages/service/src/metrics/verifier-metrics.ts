/** How fresh a verifier is, what it has applied, and how long revocations were on their way. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Verifier } from '@portcullis/verify';
import { Impaired, NotReady } from '../not-ready.ts';

const STATES = ['SYNCING', 'LIVE', 'STALE', 'CLOSED'] as const;
/** Seconds from the commit of a revocation to its effect here. */
const PROPAGATION_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export function observeVerifier(registry: Registry, verifier: Verifier): void {
  const registers = [registry];
  const { gauge, counter } = collectorsOf(registers);
  new Gauge({
    name: 'portcullis_verifier_state',
    help: '1 for the state of the verifier',
    labelNames: ['state'],
    registers,
    collect() {
      for (const state of STATES) this.set({ state }, verifier.state === state ? 1 : 0);
    },
  });
  gauge('freshness_left_seconds', 'For how much longer tokens may be accepted without word', () =>
    Math.max(0, verifier.freshnessLeftMs / 1_000),
  );
  gauge('ledger_entries', 'Revocations that are kept', () => verifier.stats().entries);
  gauge(
    'position',
    'Everything in the log up to here has been applied',
    () => verifier.stats().position,
  );
  counter('tokens_accepted_total', 'Tokens accepted', () => verifier.stats().accepted);
  counter('tokens_refused_total', 'Tokens refused', () => verifier.stats().refused);
  counter('revocations_applied_total', 'Revocations applied', () => verifier.stats().applied);
  counter('grants_total', 'Grants received', () => verifier.stats().grants);
  counter('grant_failures_total', 'Grants not received', () => verifier.stats().grantFailures);
  // Until one succeeded there is no age, and an alarm on a great one has to fire.
  gauge('key_set_age_seconds', 'Since the key set was fetched; +Inf before it ever was', () =>
    verifier.keySet.ageMs === undefined ? Number.POSITIVE_INFINITY : verifier.keySet.ageMs / 1_000,
  );
  gauge(
    'keys_vouched',
    'Keys that came with grants since the key set was fetched',
    () => verifier.keySet.vouched,
  );
  gauge(
    'killed_keys_published',
    'Keys that were killed, and that the issuer publishes all the same',
    () => verifier.keySet.killed.length,
  );
  counter(
    'key_set_failures_total',
    'Fetches of the key set that failed',
    () => verifier.keySet.failures,
  );
  counter('malformed_total', 'Messages that could not be read', () => verifier.stats().malformed);

  const propagation = new Histogram({
    name: 'portcullis_revocation_propagation_seconds',
    help: "From a revocation's commit, by the issuer's clock, to its effect here",
    buckets: PROPAGATION_BUCKETS,
    registers,
  });
  verifier.onApplied((_event, lagMs) => propagation.observe(Math.max(0, lagMs) / 1_000));
}

/** Metrics that are read from the verifier when they are collected. */
function collectorsOf(registers: Registry[]) {
  return {
    gauge(name: string, help: string, read: () => number): void {
      new Gauge({
        name: `portcullis_verifier_${name}`,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    },
    /** The verifier counts by itself; this shows its count. */
    counter(name: string, help: string, read: () => number): void {
      new Counter({
        name: `portcullis_verifier_${name}`,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    },
  };
}

/** A readiness check: fresh enough to accept tokens, and not set up to refuse them all. */
export function verifierIsFresh(verifier: Verifier | undefined): void {
  const state = verifier?.state ?? 'SYNCING';
  if (state !== 'LIVE') throw new NotReady(`the verifier is ${state}`);
  const isOther = verifier?.problems().some((problem) => problem.of === 'issuer');
  if (isOther === true) throw new NotReady('the issuer calls itself otherwise: see the log');
}

/**
 * A readiness check: has keys to verify with. While more cannot be had, tokens of the keys that are
 * known are served, and a balancer that took every instance out would serve none.
 */
export function verifierHasKeys(verifier: Verifier | undefined): Impaired | undefined {
  const { keys = 0, lastFetch = 'never' } = verifier?.keySet ?? {};
  if (keys === 0) throw new NotReady('there is no key to verify with yet');
  if (lastFetch !== 'failed') return undefined;
  return new Impaired('the key set cannot be fetched: tokens of unknown keys are answered 503');
}
