/** `PORTCULLIS_SERVICES`: services of adopters' own, the audiences of their tokens, and what they read durably. */
import { EVENT_STREAMS, type Durable } from '@portcullis/bus';
import { audienceName, serviceName } from '@portcullis/contracts/schemas';
import * as z from 'zod';

const MAX_AUDIENCES = 16;
const MAX_DURABLES = 64;

/** What comes of it for auth. */
export interface Declared {
  readonly audiences: readonly string[];
  readonly durables: readonly Durable[];
}

export const NOTHING_DECLARED: Declared = { audiences: [], durables: [] };

/** What else stands there (permissions, a client) is for others, and a service that is being removed for none. */
const service = z.object({
  audience: audienceName.optional(),
  events: z.array(z.enum(EVENT_STREAMS)).default([]),
  removed: z.boolean().default(false),
});

/** JSON, as in `{"orders":{"audience":"urn:acme:orders","events":["accounts"]}}`. */
export const services = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'is not JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.record(serviceName, service))
  .transform((all): Declared => {
    const present = Object.entries(all).filter(([, { removed }]) => !removed);
    return {
      audiences: present.flatMap(([, { audience }]) => (audience === undefined ? [] : [audience])),
      durables: present.flatMap(([name, { events }]) =>
        events.map((stream) => ({ service: name, stream })),
      ),
    };
  });

/**
 * Both, each once.
 *
 * @returns what is wrong with them together, where something is
 */
export function together(
  one: Declared,
  other: Declared,
  problemOfAudiences: (audiences: readonly string[]) => string | undefined,
): Declared | string {
  const audiences = [...new Set([...one.audiences, ...other.audiences])];
  const key = ({ service: name, stream }: Durable): string => `${name}:${stream}`;
  const all = [...one.durables, ...other.durables];
  const durables = [...new Map(all.map((durable) => [key(durable), durable])).values()];
  if (audiences.length > MAX_AUDIENCES) return `there are more than ${MAX_AUDIENCES} audiences`;
  if (durables.length > MAX_DURABLES) return `there are more than ${MAX_DURABLES} durable readers`;
  return problemOfAudiences(audiences) ?? { audiences, durables };
}
