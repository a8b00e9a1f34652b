/**
 * Where everything travels on NATS. All names begin with one prefix, so that several systems (and
 * every test file) can share a server without hearing each other.
 */
import type { AccountEventType, RevocationKind } from '@portcullis/contracts';

export interface Subjects {
  /** Revocations as they are committed, for verifiers. Not stored: the next grant has what is lost. */
  readonly pushes: string;
  /** The same a moment later, stored by JetStream for durable consumers. */
  revocation(kind: RevocationKind): string;
  readonly revocations: string;
  /** Positions that have been given out. Not stored. */
  readonly numbered: string;
  /** Request and reply. The service's name is in the subject, so that permissions can pin it. */
  grant(service: string): string;
  readonly grants: string;
  acknowledge(service: string): string;
  readonly acknowledgements: string;
  deregister(service: string): string;
  readonly deregistrations: string;
  account(type: AccountEventType): string;
  readonly accounts: string;
  /** Between the instances of one service, which alone may publish and subscribe. Not stored. */
  instances(service: string): string;
  /** The head of the audit trail, which auth alone stores and reads. */
  readonly auditHeads: string;
  /** JetStream streams. Their names may not hold dots. */
  readonly revocationStream: string;
  readonly accountStream: string;
  readonly auditStream: string;
}

/** @param prefix one or more NATS tokens, such as `portcullis` or `portcullis.staging` */
export function subjectsOf(prefix: string): Subjects {
  if (!/^[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*$/.test(prefix)) {
    throw new TypeError('a subject prefix is one or more NATS tokens joined by dots');
  }
  const stream = prefix.replaceAll('.', '_').toUpperCase();
  return {
    pushes: `${prefix}.push.v1`,
    revocation: (kind) => `${prefix}.revocation.v1.${kind}`,
    revocations: `${prefix}.revocation.v1.*`,
    numbered: `${prefix}.numbered.v1`,
    grant: (service) => `${prefix}.grant.v1.${service}`,
    grants: `${prefix}.grant.v1.*`,
    acknowledge: (service) => `${prefix}.acknowledge.v1.${service}`,
    acknowledgements: `${prefix}.acknowledge.v1.*`,
    deregister: (service) => `${prefix}.deregister.v1.${service}`,
    deregistrations: `${prefix}.deregister.v1.*`,
    account: (type) => `${prefix}.user.v1.${type}`,
    accounts: `${prefix}.user.v1.*`,
    instances: (service) => `${prefix}.instances.v1.${service}`,
    auditHeads: `${prefix}.audit.v1.head`,
    revocationStream: `${stream}_REVOCATIONS`,
    accountStream: `${stream}_ACCOUNTS`,
    auditStream: `${stream}_AUDIT`,
  };
}
