/** All checks, each by the name under which it is reported. */
import { bounded } from './bounded.ts';
import { coldStart } from './cold-start.ts';
import { durable } from './durable.ts';
import type { Check, Evidence } from './evidence.ts';
import { exact } from './exact.ts';
import { receipted } from './receipted.ts';
import { audited, published } from './settled.ts';

export const CHECKS = {
  G1: bounded,
  G2: receipted,
  G3: durable,
  G4: exact,
  G5: coldStart,
  published: ({ log }) => published(log),
  audited: ({ log }) => audited(log),
} satisfies Record<string, Check>;

export interface Offence {
  check: string;
  what: string;
}

export function judge(evidence: Evidence): Offence[] {
  const offences = Object.entries(CHECKS).flatMap(([check, find]) =>
    find(evidence).map((what) => ({ check, what })),
  );
  const found = evidence.history.found.map((what) => ({ check: 'fault', what }));
  return [...offences, ...found];
}
