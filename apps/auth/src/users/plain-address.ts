import { Refusal } from '@portcullis/contracts';
import { emailKey } from './email-key.ts';

/** @returns the address as it was written, and its key @throws Refusal `invalid_request` */
export function plainAddress(email: string): { email: string; key: string } {
  const key = emailKey(email);
  if (key !== null) return { email: email.trim(), key };
  const message = 'Expected one plain e-mail address.';
  throw new Refusal('invalid_request', { issues: [{ path: 'email', message }] });
}
