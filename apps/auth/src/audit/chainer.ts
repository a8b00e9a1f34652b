/**
 * Gives audit rows their places in the chain, and publishes its head.
 *
 * Not in the transaction of the change: a chain has one end, and a transaction that extends it holds
 * that until the commit is on disk, so all changes would wait for each other, and for a paused process.
 * The row itself is in that transaction. From its commit until the head after it is published, which is
 * a second later where any instance runs, only the database's own trigger protects it.
 */
import type { Clock } from '@portcullis/verify';
import { repeat } from '../timing/repeat.ts';
import type { AuditHead } from './chain.ts';
import type { AuditTrail, PublishedHeads } from './trail.ts';

/**
 * Between two looks at what there is to chain, and two publications. Milliseconds. Sooner would show
 * nothing more: until its head is published, a chain can be rewritten together with its rows.
 */
const SWEEP_MS = 1_000;

export interface AuditChainerOptions {
  trail: AuditTrail;
  heads: PublishedHeads;
  clock: Pick<Clock, 'after'>;
  failed(error: unknown, what: string): void;
}

export class AuditChainer implements AsyncDisposable {
  readonly #options: AuditChainerOptions;
  readonly #stopSweeping: () => Promise<void>;
  #last: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #head: AuditHead | undefined;
  #published = 0;

  constructor(options: AuditChainerOptions) {
    this.#options = options;
    this.#stopSweeping = repeat(
      options.clock,
      SWEEP_MS,
      async () => await this.#sweep(),
      (error) => options.failed(error, 'chaining the audit trail'),
    );
  }

  /**
   * Chains what was committed before the call, in the run that is the next to begin. One run at a time;
   * all who come before it begins share it.
   */
  chain(): Promise<void> {
    this.#next ??= this.#last = this.#last
      .catch(() => undefined) // those who waited for it got the error
      .then(() => {
        this.#next = undefined;
        return this.#chainAll();
      });
    return this.#next;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stopSweeping();
    await this.chain().catch(() => undefined); // another instance does it
  }

  async #chainAll(): Promise<void> {
    for (;;) {
      const { head, more } = await this.#options.trail.chain();
      this.#head = head;
      if (!more) return;
    }
  }

  async #sweep(): Promise<void> {
    await this.chain();
    const { heads } = this.#options;
    const head = this.#head;
    if (head === undefined || head.position <= this.#published || !heads.connected) return;
    await heads.publishHead(head);
    this.#published = head.position;
  }
}
