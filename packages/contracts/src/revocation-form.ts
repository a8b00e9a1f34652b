/**
 * Revocations, read by hand: for what reads them without the schemas.
 *
 * Invariant: it does as `revocationEvent` of schemas/revocation.ts does with every value of JSON. It accepts
 * what that accepts, refuses what that refuses, and drops the members that neither knows.
 * test/message-forms.test.ts holds the two against each other.
 */
import {
  isClientId,
  isClientSubject,
  isEventId,
  isKeyId,
  isSessionId,
  isTokenId,
  isUserId,
  type EventId,
} from './ids.ts';
import { isRecord } from './is-record.ts';
import {
  ACTOR_KINDS,
  REVOCATION_REASONS,
  type Actor,
  type EveryRevocation,
  type RevocationEvent,
  type RevocationReason,
} from './revocation.ts';
import { isRevocationKind } from './revocation-kinds.ts';

const MAX_GENERATION = 2_147_483_647;
const MAX_TEXT = 64;
const REASONS: ReadonlySet<unknown> = new Set(REVOCATION_REASONS);
const ACTORS: ReadonlySet<unknown> = new Set(ACTOR_KINDS);

/** @returns undefined for what has another form */
export function readRevocationEvent(value: unknown): RevocationEvent | undefined {
  if (!isRecord(value)) return undefined;
  const every = readEvery(value);
  if (every === undefined) return undefined;
  const { kind, key, generation } = value;
  if (!isRevocationKind(kind)) return undefined;
  // Put into it, not spread out with it: that would take V8 three times as long as all the rest.
  switch (kind) {
    case 'session':
      return isSessionId(key) ? Object.assign(every, { kind, key }) : undefined;
    case 'token':
      return isTokenId(key) ? Object.assign(every, { kind, key }) : undefined;
    case 'key':
      return isKeyId(key) ? Object.assign(every, { kind, key }) : undefined;
    case 'subject':
    case 'claims_changed':
      return isUserId(key) && isGeneration(generation)
        ? Object.assign(every, { kind, key, generation })
        : undefined;
    case 'client':
      return isClientId(key) && isGeneration(generation)
        ? Object.assign(every, { kind, key, generation })
        : undefined;
    case 'client_subject':
      return isClientSubject(key) && isGeneration(generation)
        ? Object.assign(every, { kind, key, generation })
        : undefined;
    case 'issuer':
      return key === 'issuer' && isGeneration(generation)
        ? Object.assign(every, { kind, key, generation } as const)
        : undefined;
    default:
      // A kind of the table that is missing here does not compile.
      return kind satisfies never;
  }
}

/** A place in the log, or a moment: whole, exact as a double, and not below zero. */
export function isPosition(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** @returns whether it is a list of ids of events of such a length */
export function isEventIds(value: unknown, least: number, most: number): value is EventId[] {
  return (
    Array.isArray(value) && value.length >= least && value.length <= most && value.every(isEventId)
  );
}

function readEvery(value: Readonly<Record<string, unknown>>): EveryRevocation | undefined {
  const { version, id, position, reason, occurred_at, expires_at, actor, request_id } = value;
  const fits =
    version === 1 &&
    isEventId(id) &&
    (position === undefined || isPosition(position)) &&
    isReason(reason) &&
    isPosition(occurred_at) &&
    (expires_at === null || isPosition(expires_at)) &&
    isActor(actor) &&
    isShortText(request_id);
  if (!fits) return undefined;
  const by: Actor = { kind: actor.kind, id: actor.id };
  const every: EveryRevocation = {
    version,
    id,
    reason,
    occurred_at,
    expires_at,
    actor: by,
    request_id,
  };
  if (position !== undefined) every.position = position;
  return every;
}

function isGeneration(value: unknown): value is number {
  return isPosition(value) && value <= MAX_GENERATION;
}

function isReason(value: unknown): value is RevocationReason {
  return REASONS.has(value);
}

function isActor(value: unknown): value is Actor {
  return isRecord(value) && ACTORS.has(value['kind']) && isShortText(value['id']);
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT;
}
