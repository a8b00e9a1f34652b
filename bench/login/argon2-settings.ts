/** What a process that checks passwords, as one contender, is given. */
import { z } from 'zod';

export const argon2Settings = z.object({
  by: z.enum(['@node-rs/argon2', 'argon2']),
  /** Passwords a round. */
  batch: z.number(),
  parameters: z.object({
    /** KiB. */
    memoryCost: z.number(),
    /** Passes. */
    timeCost: z.number(),
    /** Lanes. */
    parallelism: z.number(),
  }),
});
export type Argon2Settings = z.infer<typeof argon2Settings>;
