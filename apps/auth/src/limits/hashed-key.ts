/** What attempts are counted by. Only hashes of addresses go to Redis. */
import { createHash } from 'node:crypto';
import { networkOf } from './network.ts';

export function hashOf(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('base64url');
}

/** Of an account, or a user, in one network. */
export function keyOf(address: string, account: string): string {
  return hashOf(networkOf(address), account);
}
