/** One message, as one of the events there are, or as something else. */
import { EVENT_VERSION, namesIn, SOURCES, type PortcullisEvent } from './catalogue.ts';
import type { EventStream } from '@portcullis/bus';

export type Read =
  | { outcome: 'event'; name: string; event: PortcullisEvent }
  /** Correct for all we know, and newer than this code. */
  | { outcome: 'unknown'; name: string; version: unknown }
  | { outcome: 'malformed'; detail: string };

/** Issues of a malformed event that are named; never with values. */
const MAX_ISSUES = 8;

/** Never throws. */
export function readEvent(stream: EventStream, text: string): Read {
  const source = SOURCES.find((one) => one.stream === stream);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { outcome: 'malformed', detail: 'not JSON' };
  }
  if (source === undefined || typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { outcome: 'malformed', detail: 'not an object' };
  }
  const members = new Map<string, unknown>(Object.entries(body));
  const version = members.get('version');
  const named = members.get(source.discriminator);
  const name = typeof named === 'string' ? named.slice(0, 64) : '';
  const known: readonly string[] = namesIn(stream);
  const isOther = Number.isInteger(version) && version !== EVENT_VERSION;
  if (isOther || (name !== '' && !known.includes(name))) {
    return { outcome: 'unknown', name, version };
  }
  const parsed = source.schema.safeParse(body);
  if (parsed.success) return { outcome: 'event', name, event: parsed.data };
  const paths = parsed.error.issues.map((issue) => issue.path.join('.'));
  return { outcome: 'malformed', detail: paths.slice(0, MAX_ISSUES).join(', ') };
}
