// What is checked: forms of the model that must hold, mutants that must not, and states that must be
// reachable, so that nothing holds for want of anything happening.
import type { Bounds, Subject } from './subject.ts';

export interface Form {
  name: string;
  bounds: Bounds;
}

export interface Mutant extends Subject {
  name: string;
  /** The definition that makes it. */
  define: string;
  /** What of the model's assertions it may break. */
  breaks: readonly string[];
}

const SMALL: Bounds = {
  incarnations: 1,
  revocations: 1,
  instances: 2,
  ticks: 2,
  epochs: 1,
  cut: false,
  linger: false,
  lost: false,
};

/** The longest first, since two run at a time. */
export const FORMS: readonly Form[] = [
  {
    name: 'two revocations',
    bounds: { ...SMALL, incarnations: 2, revocations: 2, ticks: 3, cut: true },
  },
  { name: 'three incarnations', bounds: { ...SMALL, incarnations: 3 } },
  { name: 'letters that linger', bounds: { ...SMALL, incarnations: 2, linger: true } },
  {
    name: 'a new epoch',
    bounds: { ...SMALL, incarnations: 2, revocations: 2, ticks: 1, epochs: 2, cut: true },
  },
  {
    name: 'a new epoch, three incarnations',
    bounds: { ...SMALL, incarnations: 3, ticks: 1, epochs: 2 },
  },
  {
    name: 'a lost history',
    bounds: { ...SMALL, incarnations: 2, revocations: 2, cut: true, lost: true },
  },
  {
    name: 'all at once, one incarnation',
    bounds: { ...SMALL, revocations: 2, epochs: 2, cut: true, linger: true },
  },
];

export const SHORT_FORMS: readonly Form[] = [
  { name: 'two incarnations', bounds: { ...SMALL, incarnations: 2 } },
  {
    name: 'letters that linger',
    bounds: { ...SMALL, revocations: 2, cut: true, linger: true },
  },
  { name: 'a new epoch', bounds: { ...SMALL, incarnations: 2, ticks: 1, epochs: 2 } },
  { name: 'a lost history', bounds: { ...SMALL, incarnations: 2, ticks: 1, lost: true } },
];

const GUARANTEES = ['G1_bounded', 'G2_receipt'];

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'register after the read',
    define: 'MUTANT_READ_FIRST',
    bounds: SMALL,
    breaks: ['G2_receipt'],
  },
  {
    name: "join an older batch's read",
    define: 'MUTANT_JOIN',
    bounds: { ...SMALL, incarnations: 2 },
    breaks: GUARANTEES,
  },
  {
    name: 'positions visible out of order',
    define: 'MUTANT_SERIAL',
    bounds: { ...SMALL, revocations: 2 },
    breaks: GUARANTEES,
  },
  {
    name: 'freshUntil from the reply',
    define: 'MUTANT_REPLY_TIME',
    bounds: SMALL,
    breaks: ['G1_bounded'],
  },
  {
    name: 'no nonce and no incarnation',
    define: 'MUTANT_NO_NONCE',
    bounds: { ...SMALL, incarnations: 2 },
    breaks: GUARANTEES,
  },
  {
    name: 'an acknowledgement is inherited',
    define: 'MUTANT_HEIR',
    bounds: { ...SMALL, incarnations: 2 },
    breaks: ['G2_receipt'],
  },
  {
    name: 'registry read before the commit',
    define: 'MUTANT_EARLY_LIST',
    bounds: SMALL,
    breaks: ['G2_receipt'],
  },
  {
    name: 'a position beyond the head counts',
    define: 'MUTANT_NO_HEAD_CHECK',
    bounds: { ...SMALL, lost: true },
    breaks: GUARANTEES,
  },
  {
    name: 'what stands there is not read',
    define: 'MUTANT_NO_PLACE_CHECK',
    bounds: { ...SMALL, lost: true },
    breaks: GUARANTEES,
  },
  {
    name: 'a notice does not say what stood before',
    define: 'MUTANT_NOTICE_ALONE',
    bounds: { ...SMALL, revocations: 2, lost: true },
    breaks: GUARANTEES,
  },
];

/** Beyond what was asked for: other ways in which the protocol could have been got wrong. */
export const MORE_MUTANTS: readonly Mutant[] = [
  {
    name: 'no row before it has a position',
    define: 'MUTANT_NUMBERED_ONLY',
    bounds: SMALL,
    breaks: GUARANTEES,
  },
  {
    name: 'a count of grants that repeats',
    define: 'MUTANT_RECOUNT',
    bounds: SMALL,
    breaks: ['G2_receipt'],
  },
  { name: 'discounted before S', define: 'MUTANT_HASTY', bounds: SMALL, breaks: ['G2_receipt'] },
  {
    name: 'no new start at a new epoch',
    define: 'MUTANT_NO_RESYNC',
    bounds: { ...SMALL, revocations: 2, epochs: 2 },
    breaks: GUARANTEES,
  },
];

/** Each is a state; the model says that it is never reached, and has to be wrong. */
export const REACHABLE: readonly Mutant[] = [
  {
    name: 'accepting just before T + S',
    define: 'REACH_BOUND',
    bounds: SMALL,
    breaks: ['G1_bounded'],
  },
  {
    name: 'a receipt while two accept',
    define: 'REACH_RECEIPT',
    bounds: { ...SMALL, incarnations: 2 },
    breaks: ['unreached'],
  },
];
