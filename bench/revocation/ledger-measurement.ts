import { z } from 'zod';

/** Of one contender. */
export const measurement = z.object({
  /** An entry, of all that is held when all have been added; garbage not counted. */
  bytes: z.number(),
  absentNs: z.number(),
  presentNs: z.number(),
  addNs: z.number(),
  /** The longest that one addition took by the clock, in the round where that was least. */
  pauseMs: z.number(),
  /** Processor time of the longest hundred additions in a row: what no other program has a part in. */
  hundredMs: z.number(),
});
export type Measurement = z.infer<typeof measurement>;
