/** The servers that the service connects to, besides the bus. */
import { databaseUrl } from '@portcullis/service';
import * as z from 'zod';

export function serverFields(production: boolean) {
  return {
    DATABASE_URL: databaseUrl({ production }),
    REDIS_URL: z
      .string()
      .max(2048, 'is too long')
      .refine(
        (value) => URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol),
        'is not a redis:// or rediss:// address',
      ),
  };
}
