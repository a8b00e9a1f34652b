/**
 * Settings of a stream or consumer that are other ones than this release wants: another release made it,
 * or an operator has changed it.
 */
import { millis } from '@nats-io/transport-node';

export interface Difference {
  setting: string;
  has: unknown;
  wanted: unknown;
}

/** In nanoseconds on the wire; zero is without end. */
const DURATIONS = new Set(['max_age', 'duplicate_window', 'ack_wait']);
/** Changing them loses nothing that is kept. */
const HARMLESS = new Set(['duplicate_window', 'ack_wait', 'max_ack_pending']);

/** @param config what NATS says that it has */
export function differencesOf(config: object, wanted: object): Difference[] {
  const found = new Map<string, unknown>(Object.entries(config));
  return Object.entries<unknown>({ ...wanted })
    .map(([setting, value]) => ({ setting, has: found.get(setting), wanted: value }))
    .filter(({ has, wanted: value }) => JSON.stringify(has) !== JSON.stringify(value));
}

/**
 * Whether it is changed by itself. Keeping events for longer is; keeping them for less would delete what a
 * durable subscriber has not read yet, so that an operator has to do it.
 */
export function isChangeable({ setting, has, wanted }: Difference): boolean {
  if (HARMLESS.has(setting)) return true;
  if (setting !== 'max_age') return false;
  return typeof has === 'number' && typeof wanted === 'number' && has > 0 && has < wanted;
}

/** As an operator reads it: durations in milliseconds. */
export function readable({ setting, has, wanted }: Difference): Difference {
  const shown = (value: unknown): unknown =>
    typeof value === 'number' && DURATIONS.has(setting) ? `${millis(value)} ms` : value;
  return { setting, has: shown(has), wanted: shown(wanted) };
}
