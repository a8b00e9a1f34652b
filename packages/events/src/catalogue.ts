/**
 * Every event that a service can receive durably: its name, its subject, and its schema.
 *
 * A name is the last token of the subject: `session` is a revocation of that kind, `registered` is
 * something that happened to an account.
 */
import { subjectsOf, type EventStream } from '@portcullis/bus';
import type { AccountEvent, RevocationEvent } from '@portcullis/contracts';
import { accountEvent, revocationEvent } from '@portcullis/contracts/schemas';
import type * as z from 'zod';

/** The only version there is. Another one travels on subjects of its own (`.v2.`). */
export const EVENT_VERSION = 1;

export type EventsByName = {
  [E in RevocationEvent as E['kind']]: E;
} & {
  [E in AccountEvent as E['type']]: E;
};
export type EventName = keyof EventsByName;
export type PortcullisEvent = EventsByName[EventName];

interface Source {
  stream: EventStream;
  /** The member that says which one it is. */
  discriminator: 'kind' | 'type';
  schema: z.ZodType<PortcullisEvent>;
}

export const SOURCES: readonly Source[] = [
  { stream: 'revocations', discriminator: 'kind', schema: revocationEvent },
  { stream: 'accounts', discriminator: 'type', schema: accountEvent },
];

const REVOCATIONS = revocationEvent.options.map((option) => option.shape.kind.value);
const ACCOUNTS = accountEvent.options.map((option) => option.shape.type.value);

/** The names of the events of a stream. */
export function namesIn(stream: EventStream): readonly EventName[] {
  return stream === 'revocations' ? REVOCATIONS : ACCOUNTS;
}

/** Where an event travels. */
export function subjectOf(prefix: string, stream: EventStream, name: string): string {
  return subjectsOf(prefix)[stream].replace('*', name);
}
