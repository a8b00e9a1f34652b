/** Everything that ends a token which is in order otherwise. */
import {
  clientIdOf,
  clientSubjectOf,
  newId,
  REVOCATION_KIND_NAMES,
  REVOCATION_KINDS,
  type KeyId,
  type RevocationKind,
  type RevocationOf,
} from '@portcullis/contracts';
import type { RevocationSpec } from '../memory-revocations.ts';
import type { TestIssuer } from '../test-issuer.ts';

export interface RevokedCase {
  name: string;
  kind: RevocationKind;
  token: string;
  revocation: RevocationSpec;
  /** What the token is refused with from then on. */
  code: 'invalid_token' | 'token_stale';
}

type Prepared = {
  [K in RevocationKind]: { name: string; token: string; revocation: RevocationOf<K> };
};

/**
 * A token for each kind of revocation, none of which ends any of the others but the last.
 *
 * @param keyToKill a key of the issuer that nothing else is signed with
 */
export async function revocationsOf(issuer: TestIssuer, keyToKill: KeyId): Promise<RevokedCase[]> {
  const sid = newId('ses');
  const jti = newId('tok');
  const sub = newId('usr');
  const changed = newId('usr');
  const client = clientIdOf('cli_to-be-cut');
  const heldBy = { sub: newId('usr'), client_id: clientIdOf('cli_to-be-left') };
  // A kind of the table that is missing here does not compile.
  const prepared: Prepared = {
    session: {
      name: 'its session',
      token: await issuer.mint({ sid }),
      revocation: { kind: 'session', key: sid },
    },
    token: {
      name: 'the token',
      token: await issuer.mint({ jti }),
      revocation: { kind: 'token', key: jti },
    },
    subject: {
      name: 'its subject',
      token: await issuer.mint({ sub, gen: 4 }),
      revocation: { kind: 'subject', key: sub, generation: 5 },
    },
    claims_changed: {
      name: 'what it says of its subject',
      token: await issuer.mint({ sub: changed, gen: 4 }),
      revocation: { kind: 'claims_changed', key: changed, generation: 5 },
    },
    client: {
      name: 'its client',
      token: await issuer.mintMachine({ sub: client, client_id: client }),
      revocation: { kind: 'client', key: client, generation: 1 },
    },
    client_subject: {
      name: 'what its client holds for its subject',
      token: await issuer.mint(heldBy),
      revocation: {
        kind: 'client_subject',
        key: clientSubjectOf(heldBy.client_id, heldBy.sub),
        generation: 1,
      },
    },
    key: {
      name: 'its key',
      token: await issuer.mint({}, { kid: keyToKill }),
      revocation: { kind: 'key', key: keyToKill },
    },
    issuer: {
      name: 'everything',
      token: await issuer.mint(),
      revocation: { kind: 'issuer', key: 'issuer', generation: 1 },
    },
  };
  return REVOCATION_KIND_NAMES.toSorted((a, b) => sparesOthers(b) - sparesOthers(a)).map(
    (kind) => ({ kind, ...prepared[kind], code: REVOCATION_KINDS[kind].verdict }),
  );
}

function sparesOthers(kind: RevocationKind): number {
  return REVOCATION_KINDS[kind].carrier === null ? 0 : 1;
}
