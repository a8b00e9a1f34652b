import { Refusal } from '@portcullis/contracts';
import { sql } from 'drizzle-orm';
import { useLink } from '../link/link.ts';
import type { Change } from '../revocation/change.ts';
import { cutOff } from './cut-off.ts';
import { plainAddress } from './plain-address.ts';

/** Moves the account to the address that the link was sent to. Both addresses are told. */
export async function confirmEmailChange(change: Change, token: string): Promise<void> {
  const { tx } = change;
  const { link, user } = await useLink(tx, token, ['change-email']);
  const { id, email: before } = user;
  if (link.newEmail === null || before === null) throw new Refusal('invalid_link');
  const { email, key } = plainAddress(link.newEmail);
  await cutOff(change, id, 'sessions', 'credential_change', {
    email,
    emailKey: key,
    emailVerifiedAt: sql`clock_timestamp()`,
    credentialVersion: user.credentialVersion + 1,
  }).catch((error: unknown) => {
    // Somebody has registered the address since the link was sent.
    throw isTaken(error) ? new Refusal('invalid_link', { cause: error }) : error;
  });
  for (const address of [before, email]) {
    await change.mail({ kind: 'email-changed', address, userId: id });
  }
  await change.announce({ type: 'email-changed', user_id: id, email });
  await change.audit({ action: 'account.email-changed', target: { kind: 'user', id } });
}

/** SQLSTATE 23505, unique_violation: of the addresses, which nothing else here can break. */
function isTaken(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === '23505';
}
