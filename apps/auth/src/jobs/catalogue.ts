/** The jobs that there are, and what each carries: never a secret, an address or a name. */
import { mailId } from '@portcullis/contracts/schemas';
import { z } from 'zod';

export const JOBS = {
  'send-mail': z.strictObject({ mail: mailId }),
} as const;
