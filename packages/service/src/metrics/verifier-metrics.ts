/** How fresh a verifier is, what it has applied, and how long revocations were on their way. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Verifier } from '@portcullis/verify';
import { verifierMetrics } from '@portcullis/verify/connect';
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
  for (const { name, help, type, read } of verifierMetrics(verifier)) {
    if (type === 'gauge') gauge(name, help, read);
    else counter(name, help, read);
  }

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
        name,
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
        name,
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
