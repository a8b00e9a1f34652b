/** What the process that verifies tokens again is told, and what it tells. */
import { z } from 'zod';
import { standing } from '../rounds.ts';

export const hotSettings = z.object({
  revoked: z.number(),
  /** Distinct ones. */
  tokens: z.number(),
  /** Verifications a round and contender, of tokens picked by chance. */
  batch: z.number(),
  warmUps: z.number(),
  rounds: z.number(),
});
export type HotSettings = z.infer<typeof hotSettings>;

/** What it takes to remember a token, in bytes, the token itself included; garbage not counted. */
export const memory = z.object({ characters: z.number(), ours: z.number(), fastJwt: z.number() });

export const hotResult = z.object({
  standings: z.array(standing),
  memory,
  /** The same for tokens nearly as long as any that are remembered. */
  longest: memory,
});
export type HotResult = z.infer<typeof hotResult>;
