/**
 * What an operator is shown of the verifiers: how far each is known to have come, and how long ago it
 * renewed.
 *
 * A verifier says how far it has come with each question, about every S/3, and acknowledges in between
 * what it applies. Both count here, as they do in receipts: who stands in a receipt as confirmed is not
 * behind by that event. A position of another epoch, or from beyond the head, counts for nothing.
 */
import type { VerifierList } from '@portcullis/api';
import type { EventId } from '@portcullis/contracts';
import type { LatelyAcknowledged } from './lately-acknowledged.ts';
import type { RegisteredVerifier, RegistrySnapshot, VerifierRegistry } from './registry.ts';

/** The most events whose acknowledgements are looked up. */
const NEAR = 1_000;

export interface PlacedEvent {
  id: EventId;
  position: number;
}

export interface LogPlaces {
  /** What stands in the log after that position, ascending, cut at a bound. */
  placesAfter(position: number): Promise<PlacedEvent[]>;
}

export interface ListVerifiersDependencies {
  registry: Pick<VerifierRegistry, 'list'>;
  log: LogPlaces;
  acknowledged: Pick<LatelyAcknowledged, 'has'>;
}

export async function listVerifiers({
  registry,
  log,
  acknowledged,
}: ListVerifiersDependencies): Promise<VerifierList> {
  const snapshot = await registry.list();
  const { verifiers, head } = snapshot;
  const from = verifiers.map((verifier) => askedFrom(verifier, snapshot));
  // Those that lie far behind, or are just starting, are known by their next question.
  const least = Math.min(head, ...from.filter((position) => head - position <= NEAR));
  const places = least < head ? await log.placesAfter(least) : [];
  return {
    verifiers: verifiers.map((verifier, index) => {
      const { service, incarnation, policy, renewedMsAgo, maxStalenessMs } = verifier;
      const asked = from[index] ?? 0;
      const position =
        asked < least
          ? asked
          : confirmedUpTo(asked, places, ({ id }) => acknowledged.has(id, incarnation, service));
      return {
        service,
        incarnation,
        policy,
        position,
        // What was numbered since the registry was read is no part of this answer.
        behind: Math.max(0, head - position),
        renewed_ms_ago: renewedMsAgo,
        max_staleness_ms: maxStalenessMs,
      };
    }),
  };
}

function askedFrom(
  { epoch, position }: RegisteredVerifier,
  { epoch: current, head }: RegistrySnapshot,
): number {
  return epoch === current && position <= head ? position : 0;
}

/** Further than it has asked from, as far as nothing is missing in between. */
function confirmedUpTo(
  asked: number,
  places: readonly PlacedEvent[],
  hasAcknowledged: (event: PlacedEvent) => boolean,
): number {
  let confirmed = asked;
  for (const event of places) {
    if (event.position <= asked) continue;
    if (!hasAcknowledged(event)) break;
    confirmed = event.position;
  }
  return confirmed;
}
