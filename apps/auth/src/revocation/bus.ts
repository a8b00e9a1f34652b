import type {
  AccountEvent,
  Acknowledgement,
  Deregistration,
  GrantReply,
  GrantRequest,
  Numbered,
  RevocationEvent,
} from '@portcullis/contracts';

export interface BusListener {
  grant(request: GrantRequest): Promise<GrantReply>;
  /** @param service what the sender's credentials say that it is */
  acknowledged(
    acknowledgement: Pick<Acknowledgement, 'incarnation' | 'applied'>,
    service: string,
  ): void;
  deregister(deregister: Deregistration, service: string): void;
}

/** What carries events out, and questions and confirmations in. It may fail at any time. */
export interface RevocationBus {
  /** Whether trying to publish makes sense now. */
  readonly connected: boolean;
  /** Pushes to verifiers at once. @returns when it is also stored for durable subscribers */
  push(event: RevocationEvent): Promise<void>;
  /** @returns when it is stored */
  publish(event: AccountEvent): Promise<void>;
  numbered(notice: Numbered): void;
  listen(listener: BusListener): Promise<void>;
}
