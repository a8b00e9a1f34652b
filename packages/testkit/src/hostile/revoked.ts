/** Everything that ends a token which is in order otherwise. */
import { clientIdOf, newId, type KeyId } from '@portcullis/contracts';
import type { RevocationSpec } from '../memory-revocations.ts';
import type { TestIssuer } from '../test-issuer.ts';

export interface RevokedCase {
  name: string;
  token: string;
  revocation: RevocationSpec;
}

/**
 * A token for each kind of revocation, none of which ends any of the others but the last.
 *
 * @param keyToKill a key of the issuer that nothing else is signed with
 */
export async function revocationsOf(issuer: TestIssuer, keyToKill: KeyId): Promise<RevokedCase[]> {
  const sid = newId('ses');
  const jti = newId('tok');
  const sub = newId('usr');
  const client = clientIdOf('cli_to-be-cut');
  return [
    {
      name: 'its session',
      token: await issuer.mint({ sid }),
      revocation: { kind: 'session', key: sid },
    },
    {
      name: 'the token',
      token: await issuer.mint({ jti }),
      revocation: { kind: 'token', key: jti },
    },
    {
      name: 'its subject',
      token: await issuer.mint({ sub, gen: 4 }),
      revocation: { kind: 'subject', key: sub, generation: 5 },
    },
    {
      name: 'its client',
      token: await issuer.mintMachine({ sub: client, client_id: client }),
      revocation: { kind: 'client', key: client, generation: 1 },
    },
    {
      name: 'its key',
      token: await issuer.mint({}, { kid: keyToKill }),
      revocation: { kind: 'key', key: keyToKill },
    },
    {
      name: 'everything',
      token: await issuer.mint(),
      revocation: { kind: 'issuer', key: 'issuer', generation: 1 },
    },
  ];
}
