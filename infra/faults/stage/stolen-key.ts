/** What an attacker can do with the database and the key-encryption key: sign, and say anything. */
import { createDecipheriv, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { newId } from '@portcullis/contracts';
import { z } from 'zod';
import type { Token } from '../history/token.ts';
import type { Stage } from './stage.ts';

/** As apps/auth/src/keys/seal.ts seals: version and hint, nonce, content, tag. */
const HEADER_BYTES = 5;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
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
  const key = opened(Buffer.from(secret, 'base64url'), kid, sealed);
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

function opened(secret: Buffer, name: string, sealed: Buffer): KeyObject {
  const header = sealed.subarray(0, HEADER_BYTES);
  const nonce = sealed.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', secret, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.concat([header, Buffer.from(name)]));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const content = sealed.subarray(HEADER_BYTES + NONCE_BYTES, -TAG_BYTES);
  const der = Buffer.concat([decipher.update(content), decipher.final()]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function decoded(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}
