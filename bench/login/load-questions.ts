/** What the process that logs in is asked, and what it answers. */
import { z } from 'zod';

export const loadSettings = z.object({
  authUrl: z.string(),
  accounts: z.array(z.object({ email: z.string(), password: z.string() })),
});
export type LoadSettings = z.infer<typeof loadSettings>;

export const loadQuestion = z.object({ milliseconds: z.number() });
export type LoadQuestion = z.infer<typeof loadQuestion>;

export const loadAnswer = z.object({
  /** From the first login to the last answer. */
  milliseconds: z.number(),
  /** Answers by status. */
  statuses: z.record(z.string(), z.number()),
  /** How long each answer took, in milliseconds, regardless of its content. */
  times: z.array(z.number()),
  /** Refusals that did not say when to come back. */
  withoutRetryAfter: z.number(),
});
export type LoadAnswer = z.infer<typeof loadAnswer>;
