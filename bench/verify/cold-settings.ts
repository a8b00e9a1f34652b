/** What the process that verifies tokens for the first time is told. */
import { z } from 'zod';

export const coldSettings = z.object({
  alg: z.enum(['ES256', 'RS256', 'EdDSA']),
  revoked: z.number(),
  /** Tokens a round; each contender gets the same ones. */
  batch: z.number(),
  warmUps: z.number(),
  rounds: z.number(),
});
export type ColdSettings = z.infer<typeof coldSettings>;
