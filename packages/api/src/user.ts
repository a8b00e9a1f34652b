/** The router of the user service. */
import { userId } from '@portcullis/contracts';
import { z } from 'zod';
import type { UserCall } from './context.ts';
import { router, userProcedure } from './procedures.ts';

export const profile = z.object({
  id: userId,
  email: z.string(),
  name: z.string().nullable(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});
export type Profile = z.infer<typeof profile>;

export const updateProfileInput = z.strictObject({
  name: z.string().trim().min(1).max(100).nullable(),
});

export interface UserService {
  getMe(call: UserCall): Promise<Profile>;
  updateMe(call: UserCall, input: z.infer<typeof updateProfileInput>): Promise<Profile>;
}

export function createUserRouter(service: UserService) {
  return router({
    me: router({
      get: userProcedure
        .meta({
          route: { method: 'GET', path: '/v1/me', summary: "The caller's profile", tag: 'Profile' },
        })
        .output(profile)
        .query(({ ctx }) => service.getMe(ctx)),
      update: userProcedure
        .meta({
          route: {
            method: 'PATCH',
            path: '/v1/me',
            summary: "Change the caller's profile",
            tag: 'Profile',
          },
        })
        .input(updateProfileInput)
        .output(profile)
        .mutation(({ ctx, input }) => service.updateMe(ctx, input)),
    }),
  });
}

export type UserRouter = ReturnType<typeof createUserRouter>;
