import * as z from 'zod';
import { MAX_ADDRESS, problemWithAddress } from '../email-address.ts';

/** An address that is to become an account's, without the spaces around it. */
export const emailAddress = z
  .string()
  .trim()
  .superRefine((address, context) => {
    const message = problemWithAddress(address);
    if (message !== null) context.addIssue({ code: 'custom', message });
  })
  .meta({
    format: 'email',
    maxLength: MAX_ADDRESS,
    description: 'ASCII; a domain in another script in its ASCII form (xn--…).',
  });
