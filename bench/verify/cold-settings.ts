/** What a process that verifies tokens for the first time, as one contender, is given. */
import { z } from 'zod';

export const RAW = 'node:crypto, raw';
export const OURS = 'portcullis';
/** The same once more, in another process: what differs from 1.00 is noise. */
export const OURS_AGAIN = 'portcullis, once more';
/** That of another commit. */
export const FORMER = 'portcullis, former';

export const coldContender = z.enum([
  OURS,
  OURS_AGAIN,
  FORMER,
  'portcullis, by a promise',
  RAW,
  'jose',
  'jose, all at once',
  'fast-jwt',
  'fast-jwt, cache',
  'jsonwebtoken',
]);
export type ColdContender = z.infer<typeof coldContender>;

export const coldSettings = z.object({
  contender: coldContender,
  alg: z.enum(['ES256', 'RS256', 'EdDSA']),
  revoked: z.number(),
  /** Tokens a round. */
  batch: z.number(),
  /** Warm-ups among them. */
  rounds: z.number(),
  /** The folder of another commit, whose verifier is taken. */
  checkout: z.string().optional(),
});
export type ColdSettings = z.infer<typeof coldSettings>;
