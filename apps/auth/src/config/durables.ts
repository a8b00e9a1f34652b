import { EVENT_STREAMS } from '@portcullis/bus';
import { serviceName } from '@portcullis/contracts/schemas';
import * as z from 'zod';

/** `orders:accounts orders:revocations`: who reads which stream durably. */
export const durables = z
  .string()
  .transform((value) => value.split(/[\s,]+/).filter((one) => one !== ''))
  .pipe(
    z
      .array(
        z
          .string()
          .regex(/^[^:]+:[^:]+$/, 'is not service:stream')
          .transform((one) => ({ service: one.split(':')[0], stream: one.split(':')[1] }))
          .pipe(z.object({ service: serviceName, stream: z.enum(EVENT_STREAMS) })),
      )
      .max(64, 'names too many'),
  );
