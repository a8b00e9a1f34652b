import * as z from 'zod';

/** Multiplies every rate limit. */
export const rateLimitScale = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,4})?$/, 'is not a number above 0')
  .transform(Number)
  .refine((value) => value > 0, 'is not a number above 0');
