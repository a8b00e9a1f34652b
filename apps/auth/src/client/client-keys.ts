/** The public keys that a client has registered to sign its assertions with. */
import { readPublicKey, thumbprintOf, type PublicKey } from '@portcullis/verify';
import { z } from 'zod';

/** Two are enough for a rotation. */
const MAX_KEYS = 8;

/** The public members of a key and no others, so that nothing private is stored by mistake. */
const registeredKey = z.strictObject({
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
const registeredKeys = z.strictObject({ keys: z.array(registeredKey).min(1).max(MAX_KEYS) });
export type ClientKeySet = z.infer<typeof registeredKeys>;

export interface ClientKey extends PublicKey {
  kid: string;
}

/** @throws Error for a set in which any key is private, weak, unnamed, named twice, or of another kind */
export function readClientKeys(document: unknown): {
  set: ClientKeySet;
  keys: readonly ClientKey[];
} {
  const { keys } = registeredKeys.parse(document);
  // One algorithm has two names, of which the older is understood everywhere.
  const named = keys.map(({ alg, ...key }) => ({
    ...key,
    ...(alg === undefined ? {} : { alg: alg === 'Ed25519' ? ('EdDSA' as const) : alg }),
  }));
  const usable = named.flatMap((jwk) => {
    const key = readPublicKey(jwk);
    return key === undefined ? [] : [{ kid: jwk.kid, ...key }];
  });
  if (usable.length !== keys.length) throw new Error('a key that nothing would be verified with');
  if (new Set(usable.map(({ kid }) => kid)).size !== keys.length) {
    throw new Error('a kid is named twice');
  }
  return { set: { keys: named }, keys: usable };
}

/** Names what the keys are, whatever their spelling or order. */
export function fingerprintsOf(document: unknown): ReadonlySet<string> {
  return new Set(
    readClientKeys(document).keys.map(({ kid, key }) => `${kid} ${thumbprintOf(key)}`),
  );
}
