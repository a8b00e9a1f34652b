/**
 * What a verifier gets from the issuer beside revocations, read by hand: answers and numbers.
 *
 * Invariant: they do as `grantReply` and `numbered` of schemas/grant.ts do with every value of JSON.
 * test/message-forms.test.ts holds the two against each other.
 */
import {
  MAX_ACCESS_DOCUMENT_LENGTH,
  MAX_ACKNOWLEDGED,
  MAX_GRANTED_EVENTS,
  MAX_STALENESS_MS,
  MIN_STALENESS_MS,
  type EveryAnswer,
  type Grant,
  type GrantedAccess,
  type GrantReply,
  type Numbered,
} from './grant.ts';
import { isEpochId, isEventId, isIncarnationId } from './ids.ts';
import { isRecord } from './is-record.ts';
import { isEventIds, isPosition, readRevocationEvent } from './revocation-form.ts';
import type { RevocationEvent } from './revocation.ts';

type Members = Readonly<Record<string, unknown>>;

const NUMBERED_MEMBERS: ReadonlySet<string> = new Set(['version', 'epoch', 'first', 'ids']);

/** @returns undefined for what has another form */
export function readGrantReply(value: unknown): GrantReply | undefined {
  if (!isRecord(value)) return undefined;
  const { version, nonce, incarnation, outcome, epoch } = value;
  if (version !== 1 || typeof nonce !== 'string' || !isIncarnationId(incarnation)) return undefined;
  const every = { version, nonce, incarnation } as const;
  switch (outcome) {
    case 'granted':
      return readGrant(value, every);
    case 'resynchronise':
      return isEpochId(epoch) ? { ...every, outcome, epoch } : undefined;
    case 'unavailable':
      return { ...every, outcome };
    default:
      return undefined;
  }
}

/** @returns undefined for what has another form; a member more is another form */
export function readNumbered(value: unknown): Numbered | undefined {
  if (!isRecord(value)) return undefined;
  const { version, epoch, first, ids } = value;
  const fits =
    version === 1 && isEpochId(epoch) && isPosition(first) && isEventIds(ids, 1, MAX_ACKNOWLEDGED);
  if (!fits || !Object.keys(value).every((name) => NUMBERED_MEMBERS.has(name))) return undefined;
  return { version, epoch, first, ids };
}

function readGrant(value: Members, every: EveryAnswer): Grant | undefined {
  const { epoch, position, complete, resume, max_staleness_ms, issuer_time, kinds_unknown } = value;
  const fits =
    isEpochId(epoch) &&
    isPosition(position) &&
    typeof complete === 'boolean' &&
    (resume === undefined || isEventId(resume)) &&
    isStaleness(max_staleness_ms) &&
    isPosition(issuer_time) &&
    (kinds_unknown === undefined || typeof kinds_unknown === 'boolean');
  const events = readEvents(value['events']);
  const from = readFrom(value['from']);
  const access = readAccess(value['access']);
  if (!fits || events === undefined) return undefined;
  if (from === 'another form' || access === 'another form') return undefined;
  const keys = textsOf(value['keys']);
  return {
    ...every,
    outcome: 'granted',
    epoch,
    ...(from === undefined ? {} : { from }),
    position,
    events,
    complete,
    ...(resume === undefined ? {} : { resume }),
    max_staleness_ms,
    issuer_time,
    ...(keys === undefined ? {} : { keys }),
    ...(kinds_unknown === undefined ? {} : { kinds_unknown }),
    ...(access === undefined ? {} : { access }),
  };
}

/** One that cannot be read may have taken something away: no part of the answer counts then. */
function readAccess(value: unknown): GrantedAccess | undefined | 'another form' {
  if (value === undefined) return undefined;
  if (!isRecord(value)) return 'another form';
  const { number, document } = value;
  const fits =
    isPosition(number) &&
    (document === undefined ||
      (typeof document === 'string' && document.length <= MAX_ACCESS_DOCUMENT_LENGTH));
  if (!fits) return 'another form';
  return document === undefined ? { number } : { number, document };
}

function isStaleness(value: unknown): value is number {
  return isPosition(value) && value >= MIN_STALENESS_MS && value <= MAX_STALENESS_MS;
}

/** What stands at the anchor; null and absent have their own meaning each. */
function readFrom(value: unknown): RevocationEvent | null | undefined | 'another form' {
  if (value === undefined || value === null) return value;
  return readRevocationEvent(value) ?? 'another form';
}

/** @returns undefined as soon as one of them has another form */
function readEvents(value: unknown): RevocationEvent[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_GRANTED_EVENTS) return undefined;
  const events: RevocationEvent[] = [];
  for (const each of value) {
    const event = readRevocationEvent(each);
    if (event === undefined) return undefined;
    events.push(event);
  }
  return events;
}

/** Keys that have another form cost no grant: they are left out. */
function textsOf(value: unknown): string[] | undefined {
  const isTexts = Array.isArray(value) && value.every((each) => typeof each === 'string');
  return isTexts ? [...value] : undefined;
}
