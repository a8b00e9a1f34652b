/**
 * Logouts by the thousand, with nothing broken: after a receipt that every verifier has confirmed, none
 * accepts; and a user who logs out everywhere and in again within the same second is refused with the
 * old token and accepted with the new one.
 */
import { coverageOf } from './checks/coverage.ts';
import { evidenceOf } from './checks/evidence.ts';
import { judge } from './checks/judge.ts';
import { History } from './history/history.ts';
import { Machine } from './history/machine.ts';
import type { Change } from './history/operation.ts';
import { STAGE_MS } from './lengths.ts';
import { Random } from './random.ts';
import type { Result } from './run-fault.ts';
import { settle } from './settle.ts';
import { createStage, type Stage } from './stage/stage.ts';
import { Actor, register, type Account, type Session } from './traffic/actor.ts';

/** S as it is unless configured. Milliseconds. */
const MAX_STALENESS_MS = 5_000;
/** Rows come by the thousand, and when each committed is known from its answer. Milliseconds. */
const POLL_MS = 500;
const USERS_AT_ONCE = 6;
/** Each logout is accompanied by this many requests to every verifier, at once. */
const REQUESTS = 2;
const WAIT_MS = 5_000;
const ONE_SECOND_MS = 1_000;
/** Of what is asked for: on a busy machine not every log-in comes within the second. */
const MOST_ATTEMPTS = 3;

export interface LogoutsOptions {
  readonly seed: number;
  readonly logouts: number;
  /** Log-outs everywhere that are followed by a log-in within a second. */
  readonly everywhere: number;
}

/** One user at a time logs in, is shown, and logs out; on two processors. Milliseconds. */
const LOGOUT_MS = 70;
const EVERYWHERE_MS = 110;

/** How long all of it takes where no other process is at work. Milliseconds. */
export function logoutsTake({ logouts, everywhere }: Omit<LogoutsOptions, 'seed'>): number {
  return STAGE_MS + logouts * LOGOUT_MS + everywhere * EVERYWHERE_MS;
}

export interface LogoutsCounts {
  /** Receipts, and those of them that every verifier has confirmed. */
  readonly receipts: number;
  readonly confirmed: number;
  /** Log-outs everywhere after which the log-in was answered within a second. */
  readonly withinOneSecond: number;
}

export interface Logouts {
  readonly result: Result;
  readonly counts: LogoutsCounts;
  /** One line with the counts and times. */
  readonly summary: string;
}

export async function countLogouts(options: LogoutsOptions): Promise<Logouts> {
  const { seed, logouts, everywhere } = options;
  const began = performance.now();
  await using stage = await createStage(MAX_STALENESS_MS, { pollMs: POLL_MS });
  using machine = new Machine(stage.log.stalls);
  stage.follow(machine);
  const history = new History(machine);
  const users = new Users(stage, history, new Random(seed, 'logouts'));
  await users.gather();
  await users.share(
    () => users.loggedOut < logouts,
    async (account) => await users.logOut(account),
  );
  await users.share(
    (attempts) => users.withinOneSecond < everywhere && attempts < MOST_ATTEMPTS * everywhere,
    async (account) => await users.logOutEverywhereAndIn(account),
  );
  if (users.withinOneSecond < everywhere) {
    history.found.push(`${users.withinOneSecond} log-ins within a second, of ${everywhere}`);
  }
  const log = await settle(stage.log, new Set());
  const evidence = evidenceOf(history, log, stage.maxStalenessMs);
  const seconds = (performance.now() - began) / 1_000;
  const result = {
    fault: 'logouts',
    history,
    revocations: log.length,
    // A receipt is put to the test from the moment at which it is there, long before T + S.
    coverage: coverageOf(evidence, 0),
    offences: judge(evidence),
    seconds,
  };
  return { result, ...users.sum() };
}

class Users {
  readonly #stage: Stage;
  readonly #history: History;
  readonly #actor: Actor;
  readonly #random: Random;
  readonly #accounts: Account[] = [];
  loggedOut = 0;
  withinOneSecond = 0;

  constructor(stage: Stage, history: History, random: Random) {
    this.#stage = stage;
    this.#history = history;
    this.#actor = new Actor(history);
    this.#random = random;
  }

  async gather(): Promise<void> {
    for (let n = 0; n < USERS_AT_ONCE; n += 1) {
      this.#accounts.push(await register(this.#stage.instances[0].service.url));
    }
  }

  /** All users do it, one thing at a time each, for as long as there is more to do. */
  async share(
    more: (begun: number) => boolean,
    work: (account: Account) => Promise<void>,
  ): Promise<void> {
    let begun = 0;
    await Promise.all(
      this.#accounts.map(async (account) => {
        while (more(begun)) {
          begun += 1;
          await work(account);
        }
      }),
    );
  }

  async logOut(account: Account): Promise<void> {
    this.loggedOut += 1;
    const { token } = await this.#logIn(account);
    await this.#showEverywhere(token, 1);
    const ending = this.#actor.logOut(this.#anInstance(), token, WAIT_MS);
    const meanwhile = this.#showEverywhere(token, REQUESTS);
    const change = await ending;
    // With any receipt; the checks decide about what it promises.
    await this.#showEverywhere(token, 1);
    this.#demandReceipt(change);
    await meanwhile;
  }

  async logOutEverywhereAndIn(account: Account): Promise<void> {
    const { token: former } = await this.#logIn(account);
    const change = await this.#actor.logOutEverywhere(this.#anInstance(), former, WAIT_MS);
    const { token } = await this.#logIn(account);
    await Promise.all([this.#showEverywhere(former, 1), this.#showEverywhere(token, 1)]);
    this.#demandReceipt(change);
    if (change.outcome === 'ok' && token.answered - change.end <= ONE_SECOND_MS) {
      this.withinOneSecond += 1;
    }
  }

  sum(): { counts: LogoutsCounts; summary: string } {
    const { changes } = this.#history;
    const receipts = changes.flatMap(({ receipt }) => receipt ?? []);
    const confirmed = receipts.filter((one) => one.confirmed === one.expected).length;
    const times = changes.map(({ start, end }) => end - start).toSorted((a, b) => a - b);
    const [p50 = 0, p99 = 0] = [0.5, 0.99].map((part) => times[Math.floor(times.length * part)]);
    const counts = {
      receipts: receipts.length,
      confirmed,
      withinOneSecond: this.withinOneSecond,
    };
    const summary =
      `${receipts.length} receipts, ${confirmed} with confirmed == expected; ` +
      `request to receipt p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms; ` +
      `${this.withinOneSecond} log-ins within a second of a log-out everywhere`;
    return { counts, summary };
  }

  /** Nothing is broken, so there is a receipt, and all have confirmed: unless they got no time. */
  #demandReceipt({ receipt, start, end, status, detail }: Change): void {
    if (receipt !== undefined && receipt.confirmed === receipt.expected) return;
    const { verifiers, maxStalenessMs } = this.#stage;
    const { machine } = this.#history;
    const from = start - maxStalenessMs;
    if (verifiers.some(({ name }) => machine.starved(name, from, end))) return;
    const what = receipt === undefined ? `${status} ${detail}` : JSON.stringify(receipt);
    this.#history.found.push(`a logout was not confirmed by all: ${what}`);
  }

  async #logIn(account: Account): Promise<Session> {
    for (;;) {
      const session = await this.#actor.logIn(this.#anInstance(), account);
      if (session !== undefined) return session;
    }
  }

  /** @param times at once at each verifier */
  async #showEverywhere(token: Session['token'], times: number): Promise<void> {
    await Promise.all(
      this.#stage.verifiers.flatMap((verifier) =>
        Array.from({ length: times }, async () => await this.#actor.verify(verifier, token)),
      ),
    );
  }

  #anInstance() {
    return this.#random.pick(this.#stage.instances);
  }
}
