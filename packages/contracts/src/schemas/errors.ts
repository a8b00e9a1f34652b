import * as z from 'zod';
import { ERROR_CODES } from '../errors.ts';

export const errorCode = z.enum(ERROR_CODES);

const issue = z.object({ path: z.string(), message: z.string() });

/** The body of every error answer of the plain HTTP surface. */
export const errorBody = z.object({
  code: errorCode,
  message: z.string(),
  request_id: z.string(),
  issues: z.array(issue).optional(),
});
