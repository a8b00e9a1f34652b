/**
 * Who may do what on NATS. What is not listed here is denied.
 *
 * Only auth speaks for auth: it alone publishes revocations, account events and positions, answers
 * grants, and makes streams and consumers. A verifier listens to what is sent to all, and asks,
 * confirms and deregisters under its own name only, because its name is in the subject.
 *
 * A user who may create a consumer may name the subject that it delivers to. So no service may: the
 * durable consumers are made by auth, and a service reads its own.
 *
 * That is not enough in one account of NATS. The server does not look at the reply subject of a
 * request: who may pull from a consumer may have the server send its empty answer to
 * `$JS.API.STREAM.PURGE.…`, and it is obeyed. So every service has an account of its own, where a
 * reply subject means nothing in another account, and only what is in `services` and `streams` crosses.
 */
import { isServiceName } from '@portcullis/contracts';
import { subjectsOf, type Subjects } from './subjects.ts';

/** What JetStream keeps for durable consumers. */
export const EVENT_STREAMS = ['revocations', 'accounts'] as const;
export type EventStream = (typeof EVENT_STREAMS)[number];

export type BusRole =
  | { kind: 'auth' }
  | {
      kind: 'verifier';
      /** The name under which it verifies; see `serviceName`. */
      service: string;
      /** The streams of which it has a durable consumer, which auth has made under its name. */
      durables?: readonly EventStream[];
    };

/** Subjects, some with wildcards: an allow list for each direction. */
export interface BusPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** What is asked of auth and its JetStream: services that auth's account exports. */
  readonly services: readonly AccountExport[];
  /** What auth publishes: streams that its account exports. */
  readonly streams: readonly string[];
}

export interface AccountExport {
  /** In the account of auth. */
  subject: string;
  /** In the account of the service, where it is another one. */
  as?: string;
}

/** The name of auth itself on the bus; no verifier may have it. */
const AUTH = 'auth';
const CROSS_ACCOUNT_REPLIES = '_R_.>';

/**
 * Where a service finds the JetStream of auth's account, as `apiPrefix`. Below `$JS.API` it finds
 * that of its own account, which says that there is none.
 */
export const EVENTS_API = 'AUTH.JS.API';

/** A service that reads a stream durably, by a consumer that auth makes under its name. */
export interface Durable {
  service: string;
  stream: EventStream;
}

/** Those of this repository. */
export const DURABLES: readonly Durable[] = [{ service: 'user', stream: 'accounts' }];

/** @throws TypeError when the prefix or the name of the service is not one */
export function busPermissions(prefix: string, role: BusRole): BusPermissions {
  const subjects = subjectsOf(prefix);
  const streams = [subjects.pushes, subjects.revocations, subjects.numbered];
  if (role.kind === 'auth') {
    return {
      streams,
      services: [
        { subject: subjects.grants },
        { subject: subjects.acknowledgements },
        { subject: subjects.deregistrations },
        ...EVENT_STREAMS.flatMap((stream) => readConsumer(streamName(subjects, stream), '*')),
      ],
      publish: [
        subjects.pushes,
        subjects.revocations,
        subjects.numbered,
        subjects.accounts,
        // What verifiers have confirmed over HTTP, for the other instances of auth.
        subjects.acknowledgements,
        // Answers to grants: what the server has made of the reply subjects of other accounts.
        CROSS_ACCOUNT_REPLIES,
        ...manageStream(subjects.revocationStream),
        ...manageStream(subjects.accountStream),
        subjects.auditHeads,
        ...appendOnly(subjects.auditStream),
      ],
      subscribe: [
        subjects.grants,
        subjects.acknowledgements,
        subjects.deregistrations,
        `${inboxPrefix(prefix, AUTH)}.>`,
      ],
    };
  }
  const { service, durables = [] } = role;
  if (service === AUTH || !isServiceName(service)) {
    throw new TypeError(`"${service}" cannot be the name of a verifier`);
  }
  const services: AccountExport[] = [
    { subject: subjects.grant(service) },
    { subject: subjects.acknowledge(service) },
    { subject: subjects.deregister(service) },
    ...durables.flatMap((stream) => readConsumer(streamName(subjects, stream), service)),
  ];
  const own = subjects.instances(service);
  return {
    services,
    streams,
    publish: [...services.map(({ subject, as = subject }) => as), own],
    subscribe: [...streams, own, `${inboxPrefix(prefix, service)}.>`],
  };
}

/**
 * The `inboxPrefix` to connect with. Replies go where no other service may listen, so the client
 * library's own `_INBOX`, which all would share, would be denied.
 */
export function inboxPrefix(prefix: string, service: string): string {
  return `${inboxes(prefix)}.${service}`;
}

/**
 * Whether auth may send an answer to a service there. A requester names what it likes, also what
 * auth itself publishes. Between accounts the server makes it a subject of its own.
 */
export function isInbox(subject: string): boolean {
  return subject.startsWith('_R_.') || subject.startsWith('_INBOX.');
}

export function streamName(subjects: Subjects, stream: EventStream): string {
  return stream === 'accounts' ? subjects.accountStream : subjects.revocationStream;
}

/** One token, so that no prefix can be taken for another one and a service below it. */
function inboxes(prefix: string): string {
  return `_INBOX.${prefix.replaceAll('.', '_')}`;
}

function manageStream(stream: string): string[] {
  const verbs = ['CREATE', 'INFO', 'UPDATE', 'PURGE', 'DELETE'];
  return [
    ...verbs.map((verb) => `$JS.API.STREAM.${verb}.${stream}`),
    // After the name of the consumer comes its filter.
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.INFO.${stream}.*`,
    `$JS.API.CONSUMER.DELETE.${stream}.*`,
  ];
}

/** What was stored there stays: it can be made, added to and read, and neither emptied nor deleted. */
function appendOnly(stream: string): string[] {
  return ['CREATE', 'INFO', 'MSG.GET'].map((verb) => `$JS.API.STREAM.${verb}.${stream}`);
}

/** A pull consumer that is there already, and nothing but that. */
function readConsumer(stream: string, durable: string): AccountExport[] {
  return [
    ...['CONSUMER.INFO', 'CONSUMER.MSG.NEXT'].map((verb) => ({
      subject: `$JS.API.${verb}.${stream}.${durable}`,
      as: `${EVENTS_API}.${verb}.${stream}.${durable}`,
    })),
    { subject: `$JS.ACK.${stream}.${durable}.>` },
    // The newer form (NATS 2.15 with `js_ack_fc_v2`): a domain, `_` for none, and the hash of an account.
    { subject: `$JS.ACK._.*.${stream}.${durable}.>` },
  ];
}
