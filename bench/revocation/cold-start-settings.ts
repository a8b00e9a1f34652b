/** What a process that starts a verifier is given, and what it reports. */
import { z } from 'zod';

export const coldStartSettings = z.object({
  issuer: z.string(),
  audience: z.string(),
  service: z.string(),
  prefix: z.string(),
  natsUrl: z.string(),
  client: z.object({ id: z.string(), secret: z.string() }),
  /** With the snapshot, or with grants alone, which give the log row by row. */
  by: z.enum(['snapshot', 'replay']),
  /** Must be refused once the verifier has started. */
  revokedToken: z.string(),
});
export type ColdStartSettings = z.infer<typeof coldStartSettings>;

export const coldStart = z.object({
  /** From before it connects to the bus until it accepts tokens. */
  ms: z.number(),
  /** Of processor time, all threads. */
  cpuMs: z.number(),
  /** Of `ms`: from the question for the snapshot to its last byte. */
  snapshotMs: z.number(),
  entries: z.number(),
  verdict: z.string(),
});
export type ColdStart = z.infer<typeof coldStart>;
