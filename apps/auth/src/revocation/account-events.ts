/**
 * Publishes the domain events of accounts, at least once and in the order in which they were
 * recorded as far as one instance can tell. A row is marked only after the bus has stored it.
 */
import type { AccountEvent } from '@portcullis/contracts';
import type { RevocationBus } from './bus.ts';

export interface AccountEventOutbox {
  unpublished(): Promise<AccountEvent[]>;
  markPublished(ids: readonly AccountEvent['id'][]): Promise<void>;
}

export interface AccountEventPublisherDependencies {
  outbox: AccountEventOutbox;
  bus: Pick<RevocationBus, 'connected' | 'publish'>;
  failed(error: unknown, what: string): void;
}

export class AccountEventPublisher {
  readonly #dependencies: AccountEventPublisherDependencies;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(dependencies: AccountEventPublisherDependencies) {
    this.#dependencies = dependencies;
  }

  /** Publishes what waits. One run at a time; a call meanwhile makes one more. */
  async sweep(): Promise<void> {
    if (this.#running !== undefined) {
      this.#again = true;
      return await this.#running;
    }
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  async #run(): Promise<void> {
    const { outbox, bus, failed } = this.#dependencies;
    try {
      do {
        this.#again = false;
        if (!bus.connected) return;
        const events = await outbox.unpublished();
        for (const event of events) {
          await bus.publish(event);
          await outbox.markPublished([event.id]);
        }
        if (events.length > 0) this.#again = true;
      } while (this.#again);
    } catch (error) {
      failed(error, 'publishing account events');
    }
  }
}
