/** What a verifying process is started with, and what it may be asked. */
import { z } from 'zod';

export const verifyingSettings = z.object({
  issuer: z.string(),
  audience: z.string(),
  service: z.string(),
  prefix: z.string(),
  natsUrl: z.string(),
  redisUrl: z.string(),
});
export type VerifyingSettings = z.infer<typeof verifyingSettings>;

/**
 * `heard`: when the last event came by that way, in milliseconds of the machine's clock; waits for it.
 * `verdict`: `accepted`, or the code with which the token is refused.
 * `denied`: whether that key is on the deny list.
 */
export const question = z.object({ what: z.enum(['heard', 'verdict', 'denied']), of: z.string() });
export type VerifyingQuestion = z.infer<typeof question>;
