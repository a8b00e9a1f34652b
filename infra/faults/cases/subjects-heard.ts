import { TimeoutError, type NatsConnection } from '@nats-io/transport-node';
import type { Subjects } from '@portcullis/bus';
import { setTimeout as sleep } from 'node:timers/promises';

/** From the repair on. Milliseconds. */
const HEARD_MS = 15_000;

/** What the services subscribe to, as it is denied to them. */
export function subscribedTo(subjects: Subjects): string[] {
  const { pushes, numbered, grants, acknowledgements, deregistrations, instances } = subjects;
  return [pushes, numbered, grants, acknowledgements, deregistrations, instances('user')];
}

/** @returns those of these that have a subscriber */
async function heardOf(bus: NatsConnection, subjects: Subjects): Promise<string[]> {
  const { pushes, numbered, grant, acknowledge, deregister, instances } = subjects;
  const asked = [pushes, numbered, grant('user'), acknowledge('user'), deregister('user')];
  const answers = await Promise.all(
    [...asked, instances('user')].map(async (subject) => {
      try {
        // The server answers at once where there is no subscription; a service answers none of these.
        await bus.request(subject, '{}', { timeout: 300 });
        return [subject];
      } catch (error) {
        return error instanceof TimeoutError ? [subject] : [];
      }
    }),
  );
  return answers.flat();
}

/** @returns whether none of them has a subscriber */
export async function noneHeard(bus: NatsConnection, subjects: Subjects): Promise<boolean> {
  return (await heardOf(bus, subjects)).length === 0;
}

/** @returns whether all of them are heard within 15 seconds */
export async function allHeard(bus: NatsConnection, subjects: Subjects): Promise<boolean> {
  const deadline = performance.now() + HEARD_MS;
  while ((await heardOf(bus, subjects)).length < subscribedTo(subjects).length) {
    if (performance.now() > deadline) return false;
    await sleep(100);
  }
  return true;
}
