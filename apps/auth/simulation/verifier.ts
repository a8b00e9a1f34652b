/** A verifier that lives again and again: the real replica and ledger in a simulated process. */
import { Refusal } from '@portcullis/contracts';
import { Ledger, mergeCooperatively, Replica } from '@portcullis/verify/revocation';
import { simulatedFeed, type Strays } from './bus/feed.ts';
import { Link } from './bus/network.ts';
import type { Life, Token, Verdict } from './history.ts';
import type { Setting } from './setting.ts';
import type { Machine } from './world/machine.ts';
import { Process } from './world/process.ts';

interface Running extends Life {
  process: Process;
  link: Link;
  replica: Replica;
  ledger: Ledger;
}

export class Verifier {
  readonly name: string;
  readonly machine: Machine;
  readonly #setting: Setting;
  readonly #service: string;
  readonly #http: boolean;
  readonly #strays: Strays = [];
  #lives = 0;
  #life: Running | undefined;

  constructor(setting: Setting, name: string, service: string, machine: Machine, http: boolean) {
    this.#setting = setting;
    this.name = name;
    this.#service = service;
    this.machine = machine;
    this.#http = http;
  }

  get life(): Running | undefined {
    return this.#life;
  }

  start(): void {
    if (this.#life !== undefined) return;
    this.machine.wake();
    const { world, history, random, variant, bus } = this.#setting;
    this.#lives += 1;
    const process = new Process(world, this.machine, `${this.name}.${this.#lives}`);
    process.strike = (point) => this.#setting.strike(point, process);
    const link = new Link(process);
    const ledger = variant.ledger?.() ?? new Ledger();
    const jitter = random.fork();
    const life: Running = {
      name: process.name,
      process,
      link,
      ledger,
      knows: ({ claims, kid }) => ledger.judge(claims, kid) !== 'holds',
      isFresh: () => !process.isDead && replica.state === 'LIVE',
      get replica() {
        return replica;
      },
    };
    const feed = simulatedFeed({
      bus,
      link,
      life,
      history,
      strays: this.#strays,
      http: this.#http,
    });
    const replica: Replica = new Replica({
      service: this.#service,
      policy: 'reject',
      feed: variant.feed?.(feed, process.clock) ?? feed,
      ledger,
      clock: process.clock,
      random: () => jitter.next(),
      // Loaded already: a file that is read takes no part of simulated time.
      merge: mergeCooperatively,
      onTransition: (to, from) => history.tell(life.name, `${from} → ${to}`),
      onApplied(event) {
        history.tell(life.name, `applied ${event.id}`);
        history.record({ what: 'applied', life, event });
      },
    });
    this.#life = life;
    history.tell(life.name, 'starts');
    history.record({ what: 'started', life });
    void replica.start();
  }

  /** Without a word. */
  kill(): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#setting.history.tell(life.name, 'is killed');
    life.process.kill();
    this.#life = undefined;
  }

  /** As it should be: it deregisters, and is gone a little later. */
  close(): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#setting.history.tell(life.name, 'closes');
    life.process.enter(() => {
      void life.replica.close().then(() => {
        life.process.kill();
        if (this.#life === life) this.#life = undefined;
      });
    });
  }

  /** A request with this token arrives. A paused process looks at it when it goes on. */
  request(token: Token): void {
    const life = this.#life;
    life?.process.enter(() => this.#judge(life, token));
  }

  #judge(life: Running, token: Token): void {
    const { history, variant } = this.#setting;
    const { verdict, why } = judge(life, token, variant.ignoresFreshness === true);
    if (verdict !== 'stale') history.tell(life.name, `${verdict} ${token.claims.jti}${why}`);
    history.record({ what: 'judged', life, token, verdict, why });
  }
}

function judge(
  { replica, ledger }: Running,
  { claims, kid }: Token,
  ignoresFreshness: boolean,
): { verdict: Verdict; why: string } {
  try {
    replica.admit(claims, kid);
    return { verdict: 'accepted', why: '' };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === 'verifier_stale') {
      if (!ignoresFreshness) return { verdict: 'stale', why: '' };
      const holds = ledger.judge(claims, kid) === 'holds' && replica.stats.grants > 0;
      return { verdict: holds ? 'accepted' : 'stale', why: '' };
    }
    const why = error.cause instanceof Error ? `, ${error.cause.message}` : '';
    return { verdict: error.code === 'token_stale' ? 'claims_changed' : 'revoked', why };
  }
}
