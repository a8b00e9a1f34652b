/** Access tokens: for whom they are, how long they live, and how often the key changes that signs them. */
import { integer } from '@portcullis/service';
import * as z from 'zod';
import { MAX_TOKEN_SECONDS } from '../timing/lifetimes.ts';

export const OWN_AUDIENCE = 'urn:portcullis:auth';
const AUDIENCES = [OWN_AUDIENCE, 'urn:portcullis:user', 'urn:portcullis:admin'];

export function tokenFields() {
  return {
    PORTCULLIS_KEY_ROTATION_DAYS: integer({ min: 1, max: 365 }).default(30),
    PORTCULLIS_AUDIENCES: z
      .string()
      .transform((value) => value.split(/[\s,]+/).filter((one) => one !== ''))
      .pipe(z.array(z.string().max(256)).min(1, 'names no audience').max(16, 'names too many'))
      .refine((all) => all.includes(OWN_AUDIENCE), `does not contain ${OWN_AUDIENCE}`)
      .default(AUDIENCES),
    PORTCULLIS_ACCESS_TOKEN_SECONDS: integer({ min: 1, max: MAX_TOKEN_SECONDS }).default(600),
  };
}
