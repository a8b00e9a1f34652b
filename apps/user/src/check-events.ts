import type { EventProblem } from '@portcullis/events';
import { Impaired, NotReady } from '@portcullis/service';

/**
 * Without acknowledgements NATS stops delivering after some hundred events, and new users have no
 * profile: other instances may do better. Without events this service is slower, and still right.
 *
 * @throws NotReady when acknowledgements do not arrive
 */
export function checkEvents(problems: readonly EventProblem[]): Impaired | undefined {
  if (problems.some(({ cannot }) => cannot === 'acknowledge')) {
    throw new NotReady('NATS does not get the acknowledgements of events');
  }
  return problems.length > 0 ? new Impaired('no event of accounts arrives') : undefined;
}
