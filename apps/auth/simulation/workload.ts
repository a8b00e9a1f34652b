/** What users and clients do: log in, refresh, log out, lose access; and requests at every verifier. */
import { clientSubjectOf, type UserId } from '@portcullis/contracts';
import { clientId } from '@portcullis/contracts/schemas';
import type { Auth } from './auth.ts';
import type { Cut } from './verbs/cut.ts';
import type { Facts } from './guarantees/facts.ts';
import type { Entry, Revocation, Token } from './history.ts';
import type { Setting } from './setting.ts';
import type { Verifier } from './verifier.ts';
import type { Random } from './world/random.ts';

const CLIENTS = ['cli_web', 'cli_phone'].map((id) => clientId.parse(id));
const USERS = 5;

export interface WorkloadOptions {
  setting: Setting;
  facts: Facts;
  auths: readonly Auth[];
  verifiers: readonly Verifier[];
  maxStalenessMs: number;
  /** When users stop. Requests go on. */
  until: number;
}

export function startWorkload(options: WorkloadOptions): void {
  new Workload(options).start();
}

class Workload {
  readonly #options: WorkloadOptions;
  readonly #random: Random;
  readonly #users: readonly UserId[];
  /** Milliseconds from one action to the next, on average. */
  readonly #pace: number;

  constructor(options: WorkloadOptions) {
    this.#options = options;
    const { setting } = options;
    const { database } = setting;
    const random = setting.random.fork();
    this.#random = random;
    this.#users = Array.from({ length: USERS }, () => random.id('usr'));
    for (const id of this.#users) database.users.set(id, { generation: 1 });
    for (const id of CLIENTS) database.clients.set(id, { generation: 1 });
    for (let i = 0; i < 2; i += 1) database.keys.set(random.id('key'), { killed: false });
    this.#pace = random.between(30, 150);
  }

  start(): void {
    const random = this.#random;
    const { world, history } = this.#options.setting;
    history.listen((entry) => this.#insistAfter(entry));
    for (const user of this.#users) world.after(random.between(50, 900), () => this.#logIn(user));
    world.after(random.between(100, 1_000), () => this.#live());
    world.after(random.between(0, 100), () => this.#browse());
  }

  #live(): void {
    const { setting, until } = this.#options;
    if (setting.world.now > until) return;
    this.#act();
    setting.world.after(this.#random.between(0, 2 * this.#pace), () => this.#live());
  }

  #act(): void {
    const user = this.#random.pick(this.#users);
    const some = this.#someToken();
    const dice = this.#random.next();
    if (some === undefined || dice < 0.38) return this.#logIn(user);
    const { sid, sub, jti, client_id: client } = some.claims;
    if (dice < 0.5) return this.#run(async (auth) => await auth.mint({ session: sid }));
    if (dice < 0.66) return this.#revoke({ kind: 'session', key: sid });
    if (dice < 0.7) {
      const sessions = this.#sessionsOf(sub);
      return this.#revoke(...sessions.map((key) => ({ kind: 'session', key }) as const));
    }
    if (dice < 0.79) return this.#logOutEverywhere(sub);
    if (dice < 0.86) return this.#revoke({ kind: 'claims_changed', key: sub });
    if (dice < 0.89) return this.#revoke({ kind: 'token', key: jti });
    if (dice < 0.91) return this.#revoke({ kind: 'client', key: client });
    if (dice < 0.915) return this.#revoke({ kind: 'key', key: some.kid });
    if (dice < 0.92) return this.#revoke({ kind: 'issuer', key: 'issuer' });
    if (dice < 0.94) {
      return this.#revoke({ kind: 'client_subject', key: clientSubjectOf(client, sub) });
    }
    if (dice < 0.945) return this.#run(async (auth) => await auth.prune());
    const before = this.#options.facts.revocations.at(-1 - this.#random.below(20));
    if (before !== undefined) {
      this.#run(async (auth) => await auth.again(before, this.#waitMs()));
    }
  }

  /** An instance that refuses or dies is the caller's bad luck; nothing is tried again. */
  #run(work: (auth: Auth) => Promise<unknown>): void {
    const { auths, setting } = this.#options;
    work(this.#random.pick(auths)).catch((error: unknown) =>
      setting.history.tell('a user', `was told: ${String(error)}`),
    );
  }

  #logIn(user: UserId): void {
    this.#run((auth) => auth.mint({ user, client: this.#random.pick(CLIENTS) }));
  }

  /** And in again at once: within the same second, more often than not. */
  #logOutEverywhere(user: UserId): void {
    this.#run(async (auth) => {
      await auth.revoke([{ kind: 'subject', key: user }], this.#waitMs(), () => this.#logIn(user));
    });
  }

  #revoke(...cuts: Cut[]): void {
    this.#run(async (auth) => await auth.revoke(cuts, this.#waitMs()));
  }

  /** For how long a revocation waits for its receipt. */
  #waitMs(): number {
    return this.#random.pick([0, 30, 250, 1_000, this.#options.maxStalenessMs + 2_500]);
  }

  #someToken(): Token | undefined {
    return this.#options.facts.tokens.at(-1 - this.#random.below(30));
  }

  #sessionsOf(user: UserId) {
    return [...this.#options.setting.database.sessions]
      .filter(([, session]) => session.user === user && session.endedBy === undefined)
      .map(([id]) => id)
      .slice(-4);
  }

  /** A request at every verifier, with a token that is probably revoked or probably not. */
  #browse(): void {
    const random = this.#random;
    const { setting, facts, verifiers } = this.#options;
    for (const verifier of verifiers) {
      const lately = facts.revocations.at(-1 - random.below(8));
      const taken = lately === undefined ? [] : facts.takenBy(lately);
      const shown = random.chance(0.5) && taken.length > 0 ? random.pick(taken) : this.#someToken();
      if (shown !== undefined) verifier.request(shown);
    }
    setting.world.after(random.between(40, 160), () => this.#browse());
  }

  #insistAfter(entry: Entry): void {
    const random = this.#random;
    if (entry.what === 'committed') {
      const bound = this.#options.maxStalenessMs * 1.001 + 3;
      const moments = [random.between(0, 30), bound, bound + random.between(0, 2_000)];
      this.#insist(entry.revocation, ...moments);
    }
    if (entry.what === 'answered for') {
      const { confirmed, expected } = entry.receipt;
      if (confirmed !== expected) return;
      for (const revocation of entry.revocations) {
        this.#insist(revocation, 0, random.between(0, 50), random.between(0, 500));
      }
    }
  }

  /** Those who have lost access try it, at every verifier, at the moments that are promised. */
  #insist(revocation: Revocation, ...moments: readonly number[]): void {
    const { setting, facts, verifiers } = this.#options;
    for (const moment of moments) {
      setting.world.after(moment, () => {
        const shown = facts.takenBy(revocation).at(-1 - this.#random.below(2));
        if (shown === undefined) return;
        for (const verifier of verifiers) verifier.request(shown);
      });
    }
  }
}
