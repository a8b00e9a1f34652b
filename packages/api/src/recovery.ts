/** E-mail addresses and passwords of the caller: what proves them, and what changes them. */
import { emailAddress, receipt, receiptWait } from '@portcullis/contracts/schemas';
import * as z from 'zod';
import type { AnonymousCall, UserCall } from './context.ts';
import { publicProcedure, router, userProcedure } from './procedures.ts';

/**
 * An address by which an account is looked up. Wider than `emailAddress`: accounts from before that
 * rule have to be found, and every account's address can log in and recover it.
 */
export const knownAddress = z.string().trim().min(1).max(254);
/** Length in code points is checked by the password policy; this bounds what is looked at. */
export const password = z.string().min(1).max(1024);
const linkToken = z.string().min(1).max(256);

export const verifyEmailInput = z.strictObject({
  /** From the link in the mail. */
  token: linkToken,
  /**
   * The password that the account was registered with. It shows that the reader of the mailbox is
   * who registered; without it, the password and the sessions of an unverified account are void.
   */
  password: password.optional(),
  wait: receiptWait,
});
export const emailVerified = z.object({
  status: z.literal('verified'),
  /** `void`: the password and the sessions of the registration are dead. Set a password. */
  password: z.enum(['kept', 'void']),
  /** Where the password is void: for `password.reset`, once, for half an hour. */
  reset_token: z.string().nullable(),
  /** The receipt for the ended sessions; null where none had to end. */
  receipt: receipt.nullable(),
});
export type EmailVerified = z.infer<typeof emailVerified>;

export const newAddressInput = z.strictObject({ email: emailAddress });
export const knownAddressInput = z.strictObject({ email: knownAddress });
/** The same whether or not the address is known. */
export const accepted = z.object({ status: z.literal('accepted') });

export const resetPasswordInput = z.strictObject({
  /** From the link in the mail. */
  token: linkToken,
  /** The new one. */
  password,
  wait: receiptWait,
});
export const changePasswordInput = z.strictObject({
  current_password: password,
  new_password: password,
  wait: receiptWait,
});

/** What the app supplies. */
export interface RecoveryService {
  verifyEmail(call: AnonymousCall, input: z.infer<typeof verifyEmailInput>): Promise<EmailVerified>;
  resendVerification(call: AnonymousCall, input: z.infer<typeof knownAddressInput>): Promise<void>;
  changeEmail(call: UserCall, input: z.infer<typeof newAddressInput>): Promise<void>;
  forgotPassword(call: AnonymousCall, input: z.infer<typeof knownAddressInput>): Promise<void>;
  resetPassword(
    call: AnonymousCall,
    input: z.infer<typeof resetPasswordInput>,
  ): Promise<z.infer<typeof receipt>>;
  changePassword(
    call: UserCall,
    input: z.infer<typeof changePasswordInput>,
  ): Promise<z.infer<typeof receipt>>;
}

const tag = 'Account';

export function createEmailRouter(service: RecoveryService) {
  return router({
    verify: publicProcedure
      .meta({
        route: {
          method: 'POST',
          path: '/v1/email/verify',
          summary: 'Verify an address, or a new address, by link',
          tag,
          query: ['wait'],
          public: true,
        },
      })
      .input(verifyEmailInput)
      .output(emailVerified)
      .mutation(({ ctx, input }) => service.verifyEmail({ request: ctx }, input)),
    resend: publicProcedure
      .meta({
        route: {
          method: 'POST',
          path: '/v1/email/resend',
          summary: 'Send the verification mail again',
          tag,
          public: true,
        },
      })
      .input(knownAddressInput)
      .output(accepted)
      .mutation(async ({ ctx, input }) => {
        await service.resendVerification({ request: ctx }, input);
        return { status: 'accepted' };
      }),
    change: userProcedure
      .meta({
        route: {
          method: 'POST',
          path: '/v1/email/change',
          summary: 'Request another e-mail address; requires a recent login',
          tag,
        },
      })
      .input(newAddressInput)
      .output(accepted)
      .mutation(async ({ ctx, input }) => {
        await service.changeEmail(ctx, input);
        return { status: 'accepted' };
      }),
  });
}

export function createPasswordRouter(service: RecoveryService) {
  return router({
    forgot: publicProcedure
      .meta({
        route: {
          method: 'POST',
          path: '/v1/password/forgot',
          summary: 'Send a link to set a new password',
          tag,
          public: true,
        },
      })
      .input(knownAddressInput)
      .output(accepted)
      .mutation(async ({ ctx, input }) => {
        await service.forgotPassword({ request: ctx }, input);
        return { status: 'accepted' };
      }),
    reset: publicProcedure
      .meta({
        route: {
          method: 'POST',
          path: '/v1/password/reset',
          summary: 'Set a new password by link, and end every session',
          tag,
          query: ['wait'],
          public: true,
        },
      })
      .input(resetPasswordInput)
      .output(receipt)
      .mutation(({ ctx, input }) => service.resetPassword({ request: ctx }, input)),
    change: userProcedure
      .meta({
        route: {
          method: 'POST',
          path: '/v1/password/change',
          summary: 'Change the password, and end every session; requires a recent login',
          tag,
          query: ['wait'],
        },
      })
      .input(changePasswordInput)
      .output(receipt)
      .mutation(({ ctx, input }) => service.changePassword(ctx, input)),
  });
}
