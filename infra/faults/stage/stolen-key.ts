/** What an attacker can do with the database and the key-encryption key: sign, and say anything. */
import { sign } from 'node:crypto';
import { newId } from '@portcullis/contracts';
import { z } from 'zod';
import type { Token } from '../history/token.ts';
import { openSealedKey } from './open-sealed-key.ts';
import type { Stage } from './stage.ts';

/** Above every generation that any account will have. */
const GENERATION = 2_000_000_000;

export interface StolenKey {
  readonly kid: string;
  /** Signs a token like that one, as new as a token can be. */
  forge(like: Token): string;
}

/** The key that has signed this token. */
export async function stealKey({ log, instances }: Stage, { kid }: Token): Promise<StolenKey> {
  const [row] = await log.sql`select sealed_private_key from signing_keys where kid = ${kid}`;
  const sealed = z.instanceof(Buffer).parse(row?.['sealed_private_key']);
  const secret = instances[0].service.env['PORTCULLIS_KEY_ENCRYPTION_KEY'] ?? '';
  const key = openSealedKey(Buffer.from(secret, 'base64url'), kid, sealed);
  return {
    kid,
    forge({ text }) {
      const [head = '', payload = ''] = text.split('.');
      const claims = z.looseObject({ iat: z.number(), exp: z.number() }).parse(decoded(payload));
      const generations = {
        gen: GENERATION,
        cgen: GENERATION,
        csgen: GENERATION,
        igen: GENERATION,
      };
      const forged = { ...claims, ...generations, jti: newId('tok'), sid: newId('ses') };
      const signed = `${head}.${Buffer.from(JSON.stringify(forged)).toString('base64url')}`;
      const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
      return `${signed}.${signature.toString('base64url')}`;
    },
  };
}

function decoded(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}
