/** What people and clients do: log in, refresh, log out, lose access; and requests at every verifier. */
import { clientId, type UserId } from '@portcullis/contracts';
import type { Auth } from './auth.ts';
import type { Cut } from './verbs/cut.ts';
import type { Facts } from './guarantees/facts.ts';
import type { Revocation, Token } from './history.ts';
import type { Setting } from './setting.ts';
import type { Verifier } from './verifier.ts';

const CLIENTS = ['cli_web', 'cli_phone'].map((id) => clientId.parse(id));
const PEOPLE = 5;

export interface WorkloadOptions {
  setting: Setting;
  facts: Facts;
  auths: readonly Auth[];
  verifiers: readonly Verifier[];
  maxStalenessMs: number;
  /** When people stop. Requests go on. */
  until: number;
}

export function startWorkload(options: WorkloadOptions): void {
  const { setting, facts, auths, verifiers, maxStalenessMs, until } = options;
  const { world, database, history } = setting;
  const random = setting.random.fork();
  const people: UserId[] = Array.from({ length: PEOPLE }, () => random.id('usr'));
  for (const id of people) database.users.set(id, { generation: 1 });
  for (const id of CLIENTS) database.clients.set(id, { generation: 1 });
  for (let i = 0; i < 2; i += 1) database.keys.set(random.id('key'), { killed: false });
  const pace = random.between(30, 150);

  const auth = (): Auth => random.pick(auths);
  const wait = (): number => random.pick([0, 30, 250, 1_000, maxStalenessMs + 2_500]);
  const logIn = (user: UserId): void =>
    run(() => auth().mint({ user, client: random.pick(CLIENTS) }));
  const token = (): Token | undefined => facts.tokens.at(-1 - random.below(30));

  /** An instance that refuses or dies is the caller's bad luck; nothing is tried again. */
  function run(work: () => Promise<unknown>): void {
    work().catch((error: unknown) => history.tell('somebody', `was told: ${String(error)}`));
  }

  function revoke(...cuts: Cut[]): void {
    run(async () => await auth().revoke(cuts, wait()));
  }

  function act(): void {
    const user = random.pick(people);
    const some = token();
    const dice = random.next();
    if (some === undefined || dice < 0.38) return logIn(user);
    const { sid, sub, jti, client_id: client } = some.claims;
    if (dice < 0.5) return run(async () => await auth().mint({ session: sid }));
    if (dice < 0.66) return revoke({ kind: 'session', key: sid });
    if (dice < 0.7)
      return revoke(...sessionsOf(sub).map((key) => ({ kind: 'session', key }) as const));
    if (dice < 0.79) {
      // Log out everywhere, and log in again at once: within the same second, more often than not.
      return run(async () => {
        await auth().revoke([{ kind: 'subject', key: sub }], wait(), () => logIn(sub));
      });
    }
    if (dice < 0.86) return revoke({ kind: 'changed', key: sub });
    if (dice < 0.89) return revoke({ kind: 'token', key: jti });
    if (dice < 0.91) return revoke({ kind: 'client', key: client });
    if (dice < 0.915) return revoke({ kind: 'key', key: some.kid });
    if (dice < 0.92) return revoke({ kind: 'issuer', key: 'issuer' });
    if (dice < 0.93) return run(async () => await auth().prune());
    const before = facts.revocations.at(-1 - random.below(20));
    if (before !== undefined) run(async () => await auth().again(before, wait()));
  }

  function sessionsOf(user: UserId) {
    return [...database.sessions]
      .filter(([, session]) => session.user === user && session.endedBy === undefined)
      .map(([id]) => id)
      .slice(-4);
  }

  function live(): void {
    if (world.now > until) return;
    act();
    world.after(random.between(0, 2 * pace), live);
  }

  /** Somebody at every verifier, with a token that is probably taken or probably not. */
  function browse(): void {
    for (const verifier of verifiers) {
      const lately = facts.revocations.at(-1 - random.below(8));
      const taken = lately === undefined ? [] : facts.takenBy(lately);
      const shown = random.chance(0.5) && taken.length > 0 ? random.pick(taken) : token();
      if (shown !== undefined) verifier.request(shown);
    }
    world.after(random.between(40, 160), browse);
  }

  /** Those who have lost access try it, everywhere, at the moments that are promised. */
  function insist(revocation: Revocation, ...moments: readonly number[]): void {
    for (const moment of moments) {
      world.after(moment, () => {
        const shown = facts.takenBy(revocation).at(-1 - random.below(2));
        if (shown === undefined) return;
        for (const verifier of verifiers) verifier.request(shown);
      });
    }
  }

  history.listen((entry) => {
    if (entry.what === 'committed') {
      const bound = maxStalenessMs * 1.001 + 3;
      insist(entry.revocation, random.between(0, 30), bound, bound + random.between(0, 2_000));
    }
    if (entry.what === 'answered for') {
      const { confirmed, expected } = entry.receipt;
      if (confirmed !== expected) return;
      for (const revocation of entry.revocations) {
        insist(revocation, 0, random.between(0, 50), random.between(0, 500));
      }
    }
  });

  for (const user of people) world.after(random.between(50, 900), () => logIn(user));
  world.after(random.between(100, 1_000), live);
  world.after(random.between(0, 100), browse);
}
