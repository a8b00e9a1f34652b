/** What the process of the crowd is told, and what it tells. */
import { z } from 'zod';

export const crowdSettings = z.object({
  authUrl: z.string(),
  accounts: z.array(z.object({ email: z.string(), password: z.string() })),
});
export type CrowdSettings = z.infer<typeof crowdSettings>;

export const crowdQuestion = z.object({ milliseconds: z.number() });
export type CrowdQuestion = z.infer<typeof crowdQuestion>;

export const crowdAnswer = z.object({
  /** From the first login to the last answer. */
  milliseconds: z.number(),
  /** Answers by status. */
  statuses: z.record(z.string(), z.number()),
  /** How long each answer took, in milliseconds, whatever it said. */
  times: z.array(z.number()),
  /** Refusals that did not say when to come back. */
  withoutRetryAfter: z.number(),
});
export type CrowdAnswer = z.infer<typeof crowdAnswer>;
