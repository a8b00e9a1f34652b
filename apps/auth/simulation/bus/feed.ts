/**
 * The port RevocationFeed for one life of a verifier: over the bus first, then, where there is such
 * a way, over HTTP. Late answers, and answers to a former life's questions, come up again.
 */
import type { GrantReply } from '@portcullis/contracts';
import { withFallback, type RevocationFeed } from '@portcullis/verify';
import type { History, Life } from '../history.ts';
import { bytesOf, type Bus, type Subscriber } from './bus.ts';
import type { Link } from './network.ts';

const MAX_STRAYS = 12;

interface Answer {
  reply: GrantReply;
  bytes: Uint8Array;
}

/** Answers to former questions, of all the lives of one verifier. */
export type Strays = Answer[];

export interface FeedOptions {
  bus: Bus;
  link: Link;
  life: Life;
  history: History;
  strays: Strays;
  http: boolean;
}

type Request = Parameters<RevocationFeed['request']>[0];

export function simulatedFeed(options: FeedOptions): RevocationFeed {
  const { bus, link, life, history, http } = options;
  const { process } = link;
  const { network } = bus;
  const questions = new Questions(options);
  const overBus = feedOverBus(options, questions);
  const overHttp = {
    request: async (...[request, timeoutMs]: Parameters<RevocationFeed['request']>) =>
      await questions.ask(request, timeoutMs, 'http'),
  };
  const feed = http ? withFallback(overBus, overHttp, process.clock) : overBus;

  return {
    ...overBus,
    async request(request, timeoutMs) {
      const askedAt = network.world.now;
      history.record({ what: 'asked', life, incarnation: request.incarnation });
      const answer = feed.request(request, timeoutMs);
      answer.catch(() => undefined); // awaited below, perhaps after it has failed
      await process.pass('asked');
      const bytes = await answer;
      const reply = questions.replyIn(bytes);
      if (reply?.nonce === request.nonce) noteGrant(options, reply, askedAt);
      return bytes;
    },
  };
}

/** The questions of one life of a verifier, each with its own answer or with one to another question. */
class Questions {
  readonly #options: FeedOptions;
  readonly #replies = new WeakMap<Uint8Array, GrantReply>();

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  replyIn(bytes: Uint8Array): GrantReply | undefined {
    return this.#replies.get(bytes);
  }

  async ask(request: Request, timeoutMs: number, over: 'bus' | 'http'): Promise<Uint8Array> {
    const { bus, link, strays } = this.#options;
    const { network, random } = bus;
    const { process } = link;
    return await new Promise<Uint8Array>((resolve, reject) => {
      let waiting = true;
      const timer = process.clock.after(timeoutMs, () => {
        waiting = false;
        reject(new Error('no answer'));
      });
      const take = (answer: Answer): void => {
        this.#keep(answer);
        if (!waiting) return;
        waiting = false;
        timer.cancel();
        this.#replies.set(answer.bytes, answer.reply);
        resolve(answer.bytes);
      };
      if (strays.length > 0 && random.chance(network.weather.mixUp)) {
        const stray = random.pick(strays);
        network.world.after(network.delay(), () => process.enter(() => take(stray)));
      }
      bus.ask(link, request, (reply) => take({ reply, bytes: bytesOf(reply) }), over);
    });
  }

  /** Comes up again later, as the answer to another question. */
  #keep(answer: Answer): void {
    const { bus, strays } = this.#options;
    if (strays.length < MAX_STRAYS) strays.push(answer);
    else strays[bus.random.below(MAX_STRAYS)] = answer;
  }
}

function feedOverBus(
  { bus, link, life, history }: FeedOptions,
  questions: Questions,
): RevocationFeed {
  const { process } = link;
  const { network } = bus;
  let service = '';
  let subscriber: Subscriber | undefined;
  return {
    async open(listener, as) {
      service = as;
      subscriber = { link, ...listener };
      const mine = subscriber;
      bus.subscribers.add(mine);
      process.onDeath(() => bus.subscribers.delete(mine));
      await new Promise<void>((resolve) => process.clock.after(network.delay(), resolve));
    },
    request: async (request, timeoutMs) => await questions.ask(request, timeoutMs, 'bus'),
    async snapshot(timeoutMs) {
      return await new Promise<Uint8Array>((resolve, reject) => {
        const timer = process.clock.after(timeoutMs, () => reject(new Error('no snapshot')));
        bus.askForSnapshot(link, (snapshot) => {
          timer.cancel();
          if (snapshot === undefined) return reject(new Error('no snapshot yet'));
          history.tell(life.name, `takes a snapshot of ${snapshot.length} bytes`);
          resolve(snapshot);
        });
      });
    },
    acknowledge(acknowledgement) {
      bus.acknowledge(link, acknowledgement, service);
    },
    async deregister(deregister) {
      bus.deregister(link, deregister, service);
      await new Promise<void>((resolve) => process.clock.after(network.delay(), resolve));
    },
    async close() {
      if (subscriber !== undefined) bus.subscribers.delete(subscriber);
    },
  };
}

function noteGrant({ history, life }: FeedOptions, reply: GrantReply, askedAt: number): void {
  if (reply.outcome !== 'granted') {
    history.tell(life.name, `was told ${reply.outcome}`);
    return;
  }
  const { complete, position, events, max_staleness_ms, issuer_time } = reply;
  const what = `was granted position ${position} with ${events.length} events`;
  history.tell(life.name, complete ? what : `${what}, and more to come`);
  if (!complete) return;
  history.record({
    what: 'granted',
    life,
    askedAt,
    maxStalenessMs: max_staleness_ms,
    issuerTime: issuer_time,
  });
}
