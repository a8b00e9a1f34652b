/**
 * Users who log in, refresh, log out and log out everywhere, through either instance of auth; and
 * requests to every verifier all the while, with tokens that hold and tokens that were ended.
 *
 * Each verifier has requests of its own, so that one that stands still does not silence the others.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random.ts';
import type { Stage, VerifierPlace } from '../stage/stage.ts';
import type { Token } from '../history/token.ts';
import type { Account, Actor, Door, Session } from './actor.ts';

const USERS_AT_WORK = 5;
const REQUESTS_AT_ONCE = 2;
/** Users whom the traffic leaves alone, so that a fault decides about their sessions. */
const RESERVED = 2;
/** Ended tokens that are shown most often: the latest. */
const FRESHLY_ENDED = 12;

export class Traffic {
  readonly #stage: Stage;
  readonly #actor: Actor;
  readonly #random: Random;
  readonly #accounts: readonly Account[];
  readonly #reserved: readonly Account[];
  readonly #living = new Map<Token, Session>();
  readonly #ended: Token[] = [];
  readonly #loops: Promise<void>[] = [];
  readonly #doors: readonly Door[];
  #stopped = false;

  /** @param doors where auth is reached: at each instance unless given */
  constructor(
    stage: Stage,
    actor: Actor,
    random: Random,
    accounts: readonly Account[],
    doors: readonly Door[] = stage.instances,
  ) {
    this.#doors = doors;
    this.#stage = stage;
    this.#actor = actor;
    this.#random = random;
    this.#reserved = accounts.slice(0, RESERVED);
    this.#accounts = accounts.slice(RESERVED);
  }

  start(): void {
    for (let user = 0; user < USERS_AT_WORK; user += 1) this.#loops.push(this.#work());
    for (const verifier of this.#stage.verifiers) this.show(verifier);
  }

  /** Shows tokens to this verifier from now on. @returns how to stop that */
  show(verifier: VerifierPlace): () => Promise<void> {
    const shown = { stopped: false };
    const loops: Promise<void>[] = [];
    for (let n = 0; n < REQUESTS_AT_ONCE; n += 1) loops.push(this.#request(verifier, shown));
    this.#loops.push(...loops);
    return async () => {
      shown.stopped = true;
      await Promise.all(loops);
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  /** A session for the fault: the traffic shows it to verifiers from now on, and does not end it. */
  async newSession(at: Door = this.#aDoor()): Promise<Session> {
    const session = await this.#actor.logIn(at, this.#random.pick(this.#reserved));
    if (session === undefined) throw new Error(`no user could log in at ${at.name}`);
    this.#living.set(session.token, session);
    return session;
  }

  /** From now on it is shown as one that has perhaps been ended. */
  ended(token: Token): void {
    this.#living.delete(token);
    this.#ended.push(token);
  }

  get ends(): readonly Token[] {
    return this.#ended;
  }

  get living(): readonly Token[] {
    return [...this.#living.keys()];
  }

  #aDoor(): Door {
    return this.#random.pick(this.#doors);
  }

  async #work(): Promise<void> {
    const random = this.#random;
    while (!this.#stopped) {
      const account = random.pick(this.#accounts);
      let session = await this.#actor.logIn(this.#aDoor(), account);
      if (session === undefined) {
        await sleep(random.between(50, 200));
        continue;
      }
      this.#living.set(session.token, session);
      await sleep(random.between(50, 250));
      if (random.chance(0.5)) {
        const former = session.token;
        session = (await this.#actor.refresh(this.#aDoor(), session)) ?? session;
        this.#living.set(session.token, session);
        await sleep(random.between(50, 200));
        await this.#end(session.token, [former]);
      } else {
        await this.#end(session.token, []);
      }
    }
  }

  async #end(token: Token, others: readonly Token[]): Promise<void> {
    const everywhere = this.#random.chance(0.15);
    const at = this.#aDoor();
    for (const one of [token, ...others]) this.ended(one);
    if (!everywhere) {
      await this.#actor.logOut(at, token);
      return;
    }
    for (const other of this.living) if (other.sub === token.sub) this.ended(other);
    await this.#actor.logOutEverywhere(at, token);
  }

  async #request(verifier: VerifierPlace, shown: { stopped: boolean }): Promise<void> {
    const random = this.#random;
    while (!this.#stopped && !shown.stopped) {
      const token = this.#choose();
      if (token !== undefined) await this.#actor.verify(verifier, token);
      await sleep(random.between(5, 30));
    }
  }

  #choose(): Token | undefined {
    const random = this.#random;
    const living = this.living;
    const ended = random.chance(0.8) ? this.#ended.slice(-FRESHLY_ENDED) : this.#ended;
    const from = random.chance(0.5) && living.length > 0 ? living : ended;
    return from.length === 0 ? living[0] : random.pick(from);
  }
}
