/**
 * The grant: what a verifier asks for, and what it may believe. "The grant is the protocol, the
 * push is only speed."
 *
 * A verifier may accept tokens for `max_staleness_ms` from the moment at which it *asked*. The
 * answer counts only for its own nonce and incarnation, because it carries only what was missing at
 * the position in its own request.
 */
import * as z from 'zod';
import { epochId, eventId, incarnationId, serviceName } from './ids.ts';
import { issuerTime, position, revocationEvent } from './revocation.ts';

/** The most event ids that one acknowledgement or request may name. */
export const MAX_ACKNOWLEDGED = 1_000;
/** The most events that one answer carries; more are asked for at once. */
export const MAX_GRANTED_EVENTS = 1_000;

/** The most vouches for keys that one answer carries, and the length of each, in characters. */
export const MAX_KEY_VOUCHES = 16;
export const MAX_KEY_VOUCH_LENGTH = 4_096;
/** For how long a vouch for a key counts at most, in seconds, whatever it says. */
export const MAX_KEY_VOUCH_SECONDS = 86_400;
/** The `typ` of a vouch: it can be taken for no other token, and no other for it (RFC 8725 section 3.11). */
export const KEY_VOUCH_TYPE = 'portcullis-key+jwt';

/**
 * What a verifier does with a token while it is stale. `accept` breaks the guarantees, so that
 * receipts list such verifiers apart.
 */
export const stalenessPolicy = z.enum(['reject', 'introspect', 'accept']);
export type StalenessPolicy = z.infer<typeof stalenessPolicy>;

export const grantRequest = z.strictObject({
  version: z.literal(1),
  service: serviceName,
  /** Made anew at every start and every resynchronisation of a verifier. */
  incarnation: incarnationId,
  nonce: z.string().min(16).max(64),
  policy: stalenessPolicy,
  /** The log that the position belongs to; `null` before the first answer. */
  epoch: epochId.nullable(),
  /** Everything in the log up to here has been applied by this incarnation. */
  position,
  /** Event ids that were applied and not yet acknowledged. */
  applied: z.array(eventId).max(MAX_ACKNOWLEDGED),
  /**
   * Of which position to say what stands there, if not of `position`: notices have led on from it, and
   * they do not say which history they are of. Only an issuer that has given a `from` knows it.
   */
  anchor: position.optional(),
  /** The `resume` of the last answer, where it had one. Only an issuer that gives one knows it. */
  resume: eventId.optional(),
});
export type GrantRequest = z.infer<typeof grantRequest>;

const everyAnswer = { version: z.literal(1), nonce: z.string(), incarnation: incarnationId };

export const grantReply = z.discriminatedUnion('outcome', [
  z.object({
    ...everyAnswer,
    outcome: z.literal('granted'),
    epoch: epochId,
    /**
     * What stands in the log at the anchor of the question, or else at its position; null when it has
     * been let go of. A verifier that knows another event there has come there in a history that was lost.
     */
    from: revocationEvent.nullable().optional(),
    /** After these events are applied, everything up to here has been. */
    position,
    events: z.array(revocationEvent).max(MAX_GRANTED_EVENTS),
    /** False: the answer was cut at its bound and vouches for nothing; ask again from `position`. */
    complete: z.boolean(),
    /**
     * More events have no position yet than one answer carries: ask again with this. What follows
     * vouches only for the moment at which the first of these questions was asked, since an event may
     * have been committed meanwhile whose id stands before it.
     */
    resume: eventId.optional(),
    /** S: for how long after asking the verifier may accept, in milliseconds. */
    max_staleness_ms: z.int().min(100).max(300_000),
    issuer_time: issuerTime,
    /**
     * Public keys of the issuer, each signed for by another one: JWS in the compact form, of the type
     * `portcullis-key+jwt`. For verifiers that cannot fetch the key set; an issuer of before sends
     * none. Whatever is wrong with them costs no grant.
     */
    keys: z.array(z.string()).optional().catch(undefined),
  }),
  /** The log is another one than the verifier's: start over as a new incarnation. */
  z.object({ ...everyAnswer, outcome: z.literal('resynchronise'), epoch: epochId }),
  /** The issuer cannot answer now; nothing follows from it. */
  z.object({ ...everyAnswer, outcome: z.literal('unavailable') }),
]);
export type GrantReply = z.infer<typeof grantReply>;
export type Grant = Extract<GrantReply, { outcome: 'granted' }>;

export const acknowledgement = z.strictObject({
  version: z.literal(1),
  incarnation: incarnationId,
  applied: z.array(eventId).min(1).max(MAX_ACKNOWLEDGED),
});
export type Acknowledgement = z.infer<typeof acknowledgement>;

/** A verifier that has stopped accepting takes itself off the list. */
export const farewell = z.strictObject({ version: z.literal(1), incarnation: incarnationId });
export type Farewell = z.infer<typeof farewell>;

/** Rows that have got their positions: `ids[0]` stands at `first`. Lets a verifier see a gap. */
export const numbered = z.strictObject({
  version: z.literal(1),
  epoch: epochId,
  first: position,
  ids: z.array(eventId).min(1).max(MAX_ACKNOWLEDGED),
});
export type Numbered = z.infer<typeof numbered>;
