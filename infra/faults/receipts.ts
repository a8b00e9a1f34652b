/**
 * Logouts without end under traffic: after a receipt that everybody has confirmed, nobody accepts;
 * and whoever logs out everywhere and in again within the same second is refused with the old token
 * and accepted with the new one.
 */
import { evidenceOf } from './checks/evidence.ts';
import { judge } from './checks/judge.ts';
import { History } from './history/history.ts';
import { Pulse } from './history/pulse.ts';
import { Random } from './random.ts';
import type { Result } from './run-fault.ts';
import { settle } from './settle.ts';
import { createStage, type Stage } from './stage/stage.ts';
import { Actor, register, type Account, type Session } from './traffic/actor.ts';

/** S as it is unless configured. Milliseconds. */
const MAX_STALENESS_MS = 5_000;
const PEOPLE_AT_ONCE = 6;
/** Each logout is followed by this many requests to every verifier, at once. */
const REQUESTS = 2;
const WAIT_MS = 5_000;
const ONE_SECOND_MS = 1_000;

export interface ReceiptsOptions {
  readonly seed: number;
  readonly logouts: number;
  readonly everywhere: number;
}

export async function countReceipts(options: ReceiptsOptions): Promise<Result> {
  const { seed, logouts, everywhere } = options;
  const began = performance.now();
  await using stage = await createStage(MAX_STALENESS_MS);
  using pulse = new Pulse();
  const history = new History();
  history.stalls = pulse.stalls;
  const crowd = new Crowd(stage, history, new Random(seed, 'receipts'));
  await crowd.gather();
  await crowd.share(logouts, async (account) => await crowd.logOut(account));
  await crowd.share(everywhere, async (account) => await crowd.logOutEverywhereAndIn(account));
  const log = await settle(stage.log, new Set());
  const offences = judge(evidenceOf(history, log, stage.maxStalenessMs));
  crowd.tell();
  const seconds = (performance.now() - began) / 1_000;
  return { fault: 'receipts', seed, history, revocations: log.length, offences, seconds };
}

class Crowd {
  readonly #stage: Stage;
  readonly #history: History;
  readonly #actor: Actor;
  readonly #random: Random;
  readonly #accounts: Account[] = [];
  #slow = 0;

  constructor(stage: Stage, history: History, random: Random) {
    this.#stage = stage;
    this.#history = history;
    this.#actor = new Actor(history);
    this.#random = random;
  }

  async gather(): Promise<void> {
    for (let n = 0; n < PEOPLE_AT_ONCE; n += 1) {
      this.#accounts.push(await register(this.#stage.instances[0].service.url));
    }
  }

  /** Everybody does it until it was done that often. */
  async share(times: number, work: (account: Account) => Promise<void>): Promise<void> {
    let left = times;
    await Promise.all(
      this.#accounts.map(async (account) => {
        while (left > 0) {
          left -= 1;
          await work(account);
        }
      }),
    );
  }

  async logOut(account: Account): Promise<void> {
    const { token } = await this.#logIn(account);
    await this.#showEverywhere(token, 'accepted');
    const ending = this.#actor.logOut(this.#anInstance(), token, WAIT_MS);
    const meanwhile = this.#showEverywhere(token);
    const { receipt, status, detail } = await ending;
    if (receipt === undefined) this.#history.found.push(`a logout failed: ${status} ${detail}`);
    else if (receipt.confirmed === receipt.expected) await this.#showEverywhere(token, 'refused');
    else this.#history.found.push(`not confirmed by all: ${JSON.stringify(receipt)}`);
    await meanwhile;
  }

  async logOutEverywhereAndIn(account: Account): Promise<void> {
    const { token: former } = await this.#logIn(account);
    const { end, receipt } = await this.#actor.logOutEverywhere(
      this.#anInstance(),
      former,
      WAIT_MS,
    );
    const { token } = await this.#logIn(account);
    if (token.answered - end > ONE_SECOND_MS) this.#slow += 1;
    await this.#showEverywhere(token, 'accepted');
    if (receipt !== undefined && receipt.confirmed === receipt.expected) {
      await this.#showEverywhere(former, 'refused');
    }
  }

  tell(): void {
    const receipts = this.#history.changes.flatMap(({ receipt }) => receipt ?? []);
    const confirmed = receipts.filter((one) => one.confirmed === one.expected).length;
    const times = this.#history.changes
      .map(({ start, end }) => end - start)
      .toSorted((a, b) => a - b);
    const [p50 = 0, p99 = 0] = [0.5, 0.99].map((part) => times[Math.floor(times.length * part)]);
    console.log(
      `            ${receipts.length} receipts, ${confirmed} confirmed by all, ` +
        `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms; ` +
        `${this.#slow} log-ins came more than a second after the log-out`,
    );
  }

  async #logIn(account: Account): Promise<Session> {
    for (;;) {
      const session = await this.#actor.logIn(this.#anInstance(), account);
      if (session !== undefined) return session;
    }
  }

  async #showEverywhere(token: Session['token'], wanted?: 'accepted' | 'refused'): Promise<void> {
    await Promise.all(
      this.#stage.verifiers.flatMap((verifier) =>
        Array.from({ length: wanted === undefined ? REQUESTS : 1 }, async () => {
          const { verdict, status } = await this.#actor.verify(verifier, token);
          if (wanted === undefined || verdict === wanted) return;
          this.#history.found.push(`${verifier.name}: ${token.label} is not ${wanted}: ${status}`);
        }),
      ),
    );
  }

  #anInstance() {
    return this.#random.pick(this.#stage.instances);
  }
}
