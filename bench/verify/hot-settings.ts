/** What a process that verifies tokens again is given and asked, and what it reports. */
import { z } from 'zod';

/** Ours first, then what it is to be compared with most of all. */
export const HOT_CONTENDERS = [
  'portcullis',
  'portcullis, by a promise',
  'portcullis, after a revocation',
  'fast-jwt, cache',
  'fast-jwt, cache by the token',
  'a Map, which checks nothing',
] as const;
export type HotContender = (typeof HOT_CONTENDERS)[number];

export const hotSettings = z.object({
  contender: z.enum(HOT_CONTENDERS),
  /** Distinct ones. */
  tokens: z.number(),
  revoked: z.number(),
  /** Verifications a round, of tokens picked by chance. */
  batch: z.number(),
});
export type HotSettings = z.infer<typeof hotSettings>;

export const hotQuestion = z.enum(['fill', 'verify']);

/** What it takes to remember a token, in bytes, the token itself included; garbage not counted. */
export const memory = z.object({ characters: z.number(), bytes: z.number() });
export type Memory = z.infer<typeof memory>;

/** The answer to `fill`; that to `verify` is what one took. */
export const filled = z.object({
  memory,
  /** The same for tokens nearly as long as any that are remembered. */
  longest: memory,
});
export type Filled = z.infer<typeof filled>;
