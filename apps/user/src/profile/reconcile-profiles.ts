/**
 * Makes profiles agree with auth again, where events were missed: those of versions that skipped
 * `email-changed`, or of more than 14 days. Safe beside running services, and to run again.
 *
 * The address is auth's. The name is, too, except where it was changed at this service before names
 * were changed at auth: such a profile has no `name_at`, and its name goes to auth.
 *
 * Invariant: a profile is read before auth is asked, and changed only if it is still as it was read, so
 * that what an event has brought meanwhile stays; `email_at` stays too, so that an event on its way is
 * still the later one.
 */
import type { createMachineClient } from '@portcullis/client';
import { isPortcullisError } from '@portcullis/client';
import type { UserId } from '@portcullis/contracts';
import type { Profiles, Reconcilable } from './profiles.ts';

const PAGE = 100;

type AuthClient = ReturnType<typeof createMachineClient>;
type Account = Awaited<ReturnType<AuthClient['accounts']['list']['query']>>['users'][number];

export interface Reconciled {
  addresses: number;
  names: number;
  /** Profiles whose account auth does not list: deleted there, or lost. They are left as they are. */
  withoutAccount: UserId[];
  /** Names that auth did not take: of disabled accounts, or against its present rules. */
  refusedNames: UserId[];
}

export async function reconcileProfiles(
  profiles: Pick<Profiles, 'page' | 'correctEmail' | 'rename'>,
  { accounts }: AuthClient,
): Promise<Reconciled> {
  const done: Reconciled = { addresses: 0, names: 0, withoutAccount: [], refusedNames: [] };
  let cursor: UserId | undefined;
  for (;;) {
    const page = await profiles.page(cursor, PAGE);
    if (page.length === 0) return done;
    const { users, next_cursor: next } = await accounts.list.query({ cursor, limit: PAGE });
    const known = new Map(users.map((account) => [account.id, account]));
    // The two pages cover the same ids up to here.
    const seen = page.filter(({ id }) => next === null || id <= next);
    for (const profile of seen) {
      const account = known.get(profile.id);
      if (account === undefined) done.withoutAccount.push(profile.id);
      else await reconcile(profile, account);
    }
    cursor = seen.length === page.length ? page.at(-1)?.id : (next ?? undefined);
  }

  async function reconcile(profile: Reconcilable, account: Account): Promise<void> {
    if (profile.email !== account.email && (await profiles.correctEmail(profile, account.email))) {
      done.addresses += 1;
    }
    if (profile.name === account.name || profile.nameAt !== null) return;
    const { id: user_id, name } = profile;
    try {
      const input = { user_id, name, expected: account.name };
      const { changed_at: at } = await accounts.rename.mutate(input);
      if (at === null) return; // it has been changed meanwhile
      await profiles.rename(user_id, name, new Date(at));
      done.names += 1;
    } catch (error) {
      if (!isPortcullisError(error, 'invalid_request', 'actor_refused', 'not_found')) throw error;
      done.refusedNames.push(user_id);
    }
  }
}
