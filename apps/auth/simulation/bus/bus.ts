/** The bus as the instances of auth see it, and who is on it. */
import type {
  Acknowledgement,
  Deregistration,
  GrantReply,
  GrantRequest,
} from '@portcullis/contracts';
import type { BusListener, RevocationBus } from '../../src/revocation/bus.ts';
import type { Random } from '../world/random.ts';
import type { Link, Network } from './network.ts';

const STORE_TIMEOUT_MS = 2_000;
const encoder = new TextEncoder();

export function bytesOf(message: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(message));
}

export interface Instance {
  link: Link;
  listener: BusListener;
}

export interface Subscriber {
  link: Link;
  revocation(bytes: Uint8Array): void;
  numbered(bytes: Uint8Array): void;
  restored(): void;
}

export class Bus {
  readonly network: Network;
  readonly random: Random;
  readonly instances = new Set<Instance>();
  readonly subscribers = new Set<Subscriber>();
  readonly #snapshots = new Map<Link, () => Promise<readonly Uint8Array[]>>();

  constructor(network: Network) {
    this.network = network;
    this.random = network.random;
  }

  /** The port RevocationBus for one instance. */
  of(link: Link): RevocationBus {
    const { network } = this;
    const { process } = link;
    return {
      get connected() {
        return network.up && link.cut !== 'lossy';
      },
      push: async (event) => {
        const bytes = bytesOf(event);
        this.#push(link, (subscriber) => subscriber.revocation(this.#damaged(bytes)));
        await this.#stored(link);
        await process.pass('stored');
      },
      publish: async () => await this.#stored(link),
      numbered: (notice) => {
        const bytes = bytesOf(notice);
        this.#push(link, (subscriber) => subscriber.numbered(bytes));
      },
      listen: async (listener) => {
        const instance: Instance = { link, listener };
        this.instances.add(instance);
        process.onDeath(() => this.instances.delete(instance));
        await new Promise<void>((resolve) => process.clock.after(1, resolve));
      },
    };
  }

  /** To one of the instances: the bus chooses, and does not know which of them are paused. */
  ask(
    from: Link,
    request: GrantRequest,
    answered: (reply: GrantReply) => void,
    over: 'bus' | 'http',
  ): void {
    const instance = this.#any();
    if (instance === undefined) return;
    const { link, listener } = instance;
    const carry = (sender: Link, receiver: Link, deliver: () => void): void => {
      if (over === 'bus') this.network.carry(sender, receiver, deliver);
      else this.network.carryDirectly(sender, receiver, deliver);
    };
    carry(from, link, () => {
      listener.grant(request).then(
        (reply) => carry(link, from, () => answered(reply)),
        () => undefined, // the asker gets no answer
      );
    });
  }

  /** Over HTTP, as long as that instance lives. */
  offerSnapshots(link: Link, take: () => Promise<readonly Uint8Array[]>): void {
    this.#snapshots.set(link, take);
    link.process.onDeath(() => this.#snapshots.delete(link));
  }

  /** @param answered is given none when the instance has none */
  askForSnapshot(from: Link, answered: (snapshot: Uint8Array | undefined) => void): void {
    if (this.#snapshots.size === 0) return;
    const [link, take] = this.random.pick([...this.#snapshots]);
    this.network.carryDirectly(from, link, () => {
      void wholeOf(take).then((snapshot) =>
        this.network.carryDirectly(link, from, () => answered(snapshot)),
      );
    });
  }

  acknowledge(from: Link, acknowledgement: Acknowledgement, service: string): void {
    for (const { link, listener } of this.instances) {
      this.network.carry(from, link, () => listener.acknowledged(acknowledgement, service));
    }
  }

  deregister(from: Link, deregister: Deregistration, service: string): void {
    const instance = this.#any();
    if (instance === undefined) return;
    const { link, listener } = instance;
    this.network.carry(from, link, () => listener.deregister(deregister, service));
  }

  #push(from: Link, deliver: (subscriber: Subscriber) => void): void {
    for (const subscriber of this.subscribers) {
      const { link } = subscriber;
      if (!link.deaf) this.network.carry(from, link, () => deliver(subscriber));
    }
  }

  #any(): Instance | undefined {
    return this.instances.size === 0 ? undefined : this.random.pick([...this.instances]);
  }

  #damaged(bytes: Uint8Array): Uint8Array {
    return this.random.chance(this.network.weather.damage) ? bytes.subarray(1) : bytes;
  }

  /** Once the bus has said so. @throws when it has not in time */
  async #stored(link: Link): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = link.process.clock.after(STORE_TIMEOUT_MS, () =>
        reject(new Error('the bus did not confirm')),
      );
      this.network.carry(link, link, () => {
        timer.cancel();
        resolve();
      });
    });
  }
}

async function wholeOf(
  take: () => Promise<readonly Uint8Array[]>,
): Promise<Uint8Array | undefined> {
  try {
    return Buffer.concat(await take());
  } catch {
    return undefined; // answered 503
  }
}
