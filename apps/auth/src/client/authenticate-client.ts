import { timingSafeEqual } from 'node:crypto';
import type { AuthenticatedClient, FindClient } from './find-client.ts';
import { MAX_SECRET_LENGTH, hashClientSecret } from './secret-hash.ts';

export type AuthenticateClient = (
  id: string,
  secret: string,
) => Promise<AuthenticatedClient | null>;

/**
 * Takes the present secret, and the one before until its time is over.
 *
 * @returns null for an unknown or disabled client, one without a secret, and a wrong secret alike
 */
export function createAuthenticateClient(findClient: FindClient): AuthenticateClient {
  const dummySecretHash = Buffer.alloc(32);

  return async (name, secret) => {
    if (secret.length > MAX_SECRET_LENGTH) return null;
    const found = await findClient(name);
    const offered = hashClientSecret(secret);
    const matches = [found?.secretHash, found?.previousSecretHash].map(
      (stored) =>
        timingSafeEqual(stored ?? dummySecretHash, offered) &&
        stored !== undefined &&
        stored !== null,
    );
    return found !== null && matches.includes(true) ? found.client : null;
  };
}
