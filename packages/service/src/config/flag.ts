import * as z from 'zod';

/** `true` or `false`, and nothing that merely looks like it. */
export const flag = z
  .enum(['true', 'false'], { error: 'is neither true nor false' })
  .transform((value) => value === 'true');
