/** What the caller logs in with beside the password: an authenticator app, and recovery codes in its place. */
import { receipt, receiptWait } from '@portcullis/contracts/schemas';
import * as z from 'zod';
import type { UserCall } from './context.ts';
import { router, userProcedure } from './procedures.ts';

export const factorList = z.object({
  /** Null: a login asks for no code. */
  totp: z.object({ enrolled_at: z.iso.datetime() }).nullable(),
  recovery_codes_left: z.int(),
});

export const enrolTotpInput = z.strictObject({
  /** One that an app has already, from another system: base32, 80 to 512 bits. Without it one is made. */
  secret: z.string().min(1).max(256).optional(),
});
export const totpEnrolment = z.object({
  /** `otpauth://totp/…`, for a QR code. It holds the secret. */
  uri: z.string(),
  /** The same secret, to be typed. */
  secret: z.string(),
  /** Seconds that there are to confirm it. */
  expires_in: z.int(),
});

export const confirmTotpInput = z.strictObject({
  /** That the app shows: six digits. */
  code: z.string().min(1).max(16),
  wait: receiptWait,
});
export const recoveryCodeSet = z.object({
  /** Each is good once in the place of an app's code. They are shown this once. */
  recovery_codes: z.array(z.string()),
});
export const totpConfirmed = recoveryCodeSet.extend({
  /** For the sessions, all of which have ended. */
  receipt,
});
export const factorRemoved = z.object({ status: z.literal('removed') });

/** What the app supplies. All but the list need a recent login. */
export interface FactorService {
  listFactors(call: UserCall): Promise<z.infer<typeof factorList>>;
  enrolTotp(
    call: UserCall,
    input: z.infer<typeof enrolTotpInput>,
  ): Promise<z.infer<typeof totpEnrolment>>;
  confirmTotp(
    call: UserCall,
    input: z.infer<typeof confirmTotpInput>,
  ): Promise<z.infer<typeof totpConfirmed>>;
  removeTotp(call: UserCall): Promise<void>;
  regenerateRecoveryCodes(call: UserCall): Promise<z.infer<typeof recoveryCodeSet>>;
}

const tag = 'Account';

export function createFactorRouter(service: FactorService) {
  return router({
    list: userProcedure
      .meta({
        route: {
          method: 'GET',
          path: '/v1/factors',
          summary: 'What the caller logs in with beside the password',
          tag,
        },
      })
      .output(factorList)
      .query(({ ctx }) => service.listFactors(ctx)),
    totp: createTotpRouter(service),
    recoveryCodes: router({
      regenerate: userProcedure
        .meta({
          route: {
            method: 'POST',
            path: '/v1/factors/recovery-codes',
            summary: 'Make new recovery codes; requires a recent login with the second factor',
            tag,
          },
        })
        .output(recoveryCodeSet)
        .mutation(({ ctx }) => service.regenerateRecoveryCodes(ctx)),
    }),
  });
}

function createTotpRouter(service: FactorService) {
  return router({
    enrol: userProcedure
      .meta({
        route: {
          method: 'POST',
          path: '/v1/factors/totp',
          summary: 'Begin to enrol an authenticator app; requires a recent login',
          tag,
        },
      })
      .input(enrolTotpInput)
      .output(totpEnrolment)
      .mutation(({ ctx, input }) => service.enrolTotp(ctx, input)),
    confirm: userProcedure
      .meta({
        route: {
          method: 'POST',
          path: '/v1/factors/totp/confirm',
          summary: 'Enrol the authenticator app by a code of it, and end every session',
          tag,
          query: ['wait'],
        },
      })
      .input(confirmTotpInput)
      .output(totpConfirmed)
      .mutation(({ ctx, input }) => service.confirmTotp(ctx, input)),
    remove: userProcedure
      .meta({
        route: {
          method: 'DELETE',
          path: '/v1/factors/totp',
          summary:
            'Remove the authenticator app; requires a recent login with it or a recovery code',
          tag,
        },
      })
      .output(factorRemoved)
      .mutation(async ({ ctx }) => {
        await service.removeTotp(ctx);
        return { status: 'removed' };
      }),
  });
}
