/**
 * The public keys that a client has registered to sign its assertions with: a JWK set (RFC 7517). Members
 * that are not understood are ignored, in a key and in the set, and so are keys for another purpose or of
 * another kind (sections 4 and 5). Only public members are stored.
 */
import { holdsSecret, readPublicKey, rocaProblem, type PublicKey } from '@portcullis/verify';
import { calculateJwkThumbprint } from 'jose';
import * as z from 'zod';

/** Two are enough for a rotation. */
const MAX_KEYS = 8;

const registeredKey = z.object({
  kty: z.enum(['EC', 'RSA', 'OKP']),
  kid: z.string().min(1).max(128),
  use: z.literal('sig').optional(),
  key_ops: z.array(z.literal('verify')).optional(),
  alg: z.enum(['ES256', 'RS256', 'EdDSA', 'Ed25519']).optional(),
  crv: z.string().optional(),
  x: z.string().optional(),
  y: z.string().optional(),
  n: z.string().optional(),
  e: z.string().optional(),
});
const jwkSet = z.object({ keys: z.array(z.record(z.string(), z.unknown())).min(1).max(MAX_KEYS) });
/** What says that a key is not meant for this, rather than that it is wrong. */
const PURPOSE = ['kty', 'use', 'key_ops', 'alg'];

export interface ClientKeySet {
  keys: z.infer<typeof registeredKey>[];
}

export interface ClientKey extends PublicKey {
  kid: string;
}

/**
 * @throws Error for what is no set, has no usable key, or has a key that is private, weak, unnamed or
 *   named twice; the message names the key, and the member where one is at fault
 */
export function readClientKeys(document: unknown): {
  set: ClientKeySet;
  keys: readonly ClientKey[];
} {
  const set = jwkSet.safeParse(document).data;
  if (set === undefined) throw new Error(`is no JWK set of 1 to ${MAX_KEYS} keys`);
  const read = set.keys.flatMap((jwk, index) => readKey(jwk, `keys[${index}]`) ?? []);
  if (read.length === 0) throw new Error('has no key to verify signatures with');
  const twice = read.find(({ key }, index) =>
    read.slice(0, index).some(({ key: { kid } }) => kid === key.kid),
  );
  if (twice !== undefined) throw new Error(`${twice.name}: has the kid of another key`);
  return { set: { keys: read.map(({ stored }) => stored) }, keys: read.map(({ key }) => key) };
}

function readKey(candidate: Record<string, unknown>, name: string) {
  if (holdsSecret(candidate)) throw new Error(`${name}: is private; register its public half`);
  const parsed = registeredKey.safeParse(candidate);
  if (!parsed.success) {
    const members = parsed.error.issues.map(({ path: [member] }) => String(member));
    if (members.some((member) => PURPOSE.includes(member))) return undefined;
    throw new Error(`${name}: ${members[0]} is missing or of another form`);
  }
  const { alg, ...rest } = parsed.data;
  // One algorithm has two names, of which the older is understood everywhere.
  const older = alg === 'Ed25519' ? ('EdDSA' as const) : alg;
  const stored = { ...rest, ...(older === undefined ? {} : { alg: older }) };
  const broken = rocaProblem(stored);
  if (broken !== undefined) {
    throw new Error(`${name} (kid ${JSON.stringify(stored.kid)}): ${broken}`);
  }
  const key = readPublicKey(stored);
  if (key === undefined) throw new Error(`${name}: is no sound key for ES256, RS256 or EdDSA`);
  return { name, stored, key: { kid: stored.kid, ...key } };
}

/** One of a stored set; `key` is undefined for one that would not be taken any more. */
interface StoredKey {
  readonly kid: string;
  readonly key: ClientKey | undefined;
  /** What is wrong with it, where it is known to be broken. */
  readonly problem: string | undefined;
}

/**
 * A set that was stored by this version or a former one. A key that was taken then and is refused now,
 * as weak keys become known, signs nothing any more; those beside it do.
 */
function readStored(document: unknown): StoredKey[] {
  const { keys } = jwkSet.parse(document);
  return keys.map((stored) => {
    const kid = String(stored['kid']);
    const key = readPublicKey(stored);
    return {
      kid,
      key: key === undefined ? undefined : { kid, ...key },
      problem: rocaProblem(stored),
    };
  });
}

/** The keys of a stored set that count today. */
export function storedClientKeys(document: unknown): readonly ClientKey[] {
  return readStored(document).flatMap(({ key }) => key ?? []);
}

/** The keys of a stored set that are known to be broken, with what to do about each. */
export function brokenKeysOf(document: unknown): { kid: string; problem: string }[] {
  return readStored(document).flatMap(({ kid, problem }) =>
    problem === undefined ? [] : [{ kid, problem }],
  );
}

/** Names the keys of a stored set, regardless of their spelling or order (RFC 7638). */
export async function fingerprintsOf(document: unknown): Promise<ReadonlySet<string>> {
  const names = readStored(document).map(async ({ kid, key }) => {
    // No set that is taken today has such a name: with the next one the key is gone.
    if (key === undefined) return `${kid} refused`;
    return `${kid} ${await calculateJwkThumbprint(key.key)}`;
  });
  return new Set(await Promise.all(names));
}
