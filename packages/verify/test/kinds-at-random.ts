/** Entries of any kind of the table, and tokens that carry their keys, all from the table alone. */
import {
  newId,
  REVOCATION_KINDS,
  type AccessTokenClaims,
  type RevocationKind,
  type UserClaims,
} from '@portcullis/contracts';
import type { RevocationEntry } from '@portcullis/snapshot';

type KeyForm = (typeof REVOCATION_KINDS)[RevocationKind]['key'];

let count = 0;
/** A new key of each form. */
const NEW_KEYS: Readonly<Record<KeyForm, () => string>> = {
  ses: () => newId('ses'),
  tok: () => newId('tok'),
  usr: () => newId('usr'),
  key: () => newId('key'),
  cli: () => `cli_${(count += 1)}`,
  'cli/usr': () => `cli_${(count += 1)}/${newId('usr')}`,
  issuer: () => 'issuer',
};
const three = (make: () => string): string[] => [make(), make(), make()];
const FEW: Record<KeyForm, readonly string[]> = {
  ses: three(NEW_KEYS.ses),
  tok: three(NEW_KEYS.tok),
  usr: three(NEW_KEYS.usr),
  key: three(NEW_KEYS.key),
  cli: three(NEW_KEYS.cli),
  'cli/usr': [],
  issuer: three(NEW_KEYS.issuer),
};
FEW['cli/usr'] = FEW.cli.map((client, at) => `${client}/${FEW.usr[at]}`);
/** Higher than any generation that is made here. */
const NEWEST = 9;

/** @param at one of three keys of each form; a new one unless given */
export function somethingOf(
  kind: RevocationKind,
  generation: number,
  at?: number,
): RevocationEntry {
  const spec = REVOCATION_KINDS[kind];
  const key = at === undefined ? NEW_KEYS[spec.key]() : FEW[spec.key][at];
  return {
    kind,
    key,
    ...(spec.generation === null ? {} : { generation }),
    expires_at: spec.kept === 'for ever' ? null : 5_000,
  } as RevocationEntry;
}

/**
 * A user's token that carries the key of the entry, and otherwise nothing that anything else names.
 *
 * @param generation of the kind of the entry
 * @param at one of three of everything else too, and the generation for all of it
 */
export function tokenWith(
  { kind, key }: RevocationEntry,
  generation: number,
  at?: number,
): [claims: AccessTokenClaims, kid: string] {
  const spec = REVOCATION_KINDS[kind];
  const keyOf = (form: KeyForm) => (at === undefined ? NEW_KEYS[form]() : FEW[form][at]);
  const others = at === undefined ? NEWEST : generation;
  const claims = {
    iss: 'https://issuer.example',
    aud: 'urn:test',
    sub: keyOf('usr'),
    sid: keyOf('ses'),
    jti: keyOf('tok'),
    client_id: keyOf('cli'),
    iat: 1,
    exp: 2,
    auth_time: 1,
    gen: others,
    cgen: others,
    csgen: others,
    igen: others,
    roles: [],
    amr: ['pwd'],
    ...carrying(spec.carrier, key),
    ...(spec.generation === null ? {} : { [spec.generation]: generation }),
  } as object as AccessTokenClaims;
  return [claims, spec.carrier === 'kid' ? key : (keyOf('key') ?? '')];
}

/** A machine's, with the same keys as far as it has them: its client is its subject, and it has no session. */
export function ofMachine(claims: AccessTokenClaims): AccessTokenClaims {
  const { sid: _sid, csgen: _csgen, ...rest } = claims as UserClaims;
  const { roles: _roles, amr: _amr, auth_time: _authTime, ...machine } = rest;
  const { client_id: sub } = machine;
  return { ...machine, sub, scope: 'users:read' } as object as AccessTokenClaims;
}

function carrying(
  carrier: (typeof REVOCATION_KINDS)[RevocationKind]['carrier'],
  key: string,
): Record<string, string | undefined> {
  if (carrier === null || carrier === 'kid') return {};
  const names = carrier.split('/');
  const keys = key.split('/');
  return Object.fromEntries(names.map((name, at) => [name, keys[at]]));
}
