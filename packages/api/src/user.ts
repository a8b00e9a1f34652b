/** The router of the user service. */
import { shownName, userId } from '@portcullis/contracts/schemas';
import { tracked } from '@trpc/server';
import * as z from 'zod';
import type { UserCall, UserStream } from './context.ts';
import type { LiveItem } from './live-events.ts';
import { router, userProcedure, watchedProcedure } from './procedures.ts';
import { untilRevoked } from './until-revoked.ts';

export const profile = z.object({
  id: userId,
  email: z.string(),
  name: z.string().nullable(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});
export type Profile = z.infer<typeof profile>;

export const updateProfileInput = z.strictObject({
  name: shownName.nullable(),
});

/** Where to go on; tRPC's links fill it in when they connect again. */
export const eventsInput = z.strictObject({ lastEventId: z.string().max(64).nullish() }).optional();

export interface UserService {
  getMe(call: UserCall): Promise<Profile>;
  updateMe(call: UserCall, input: z.infer<typeof updateProfileInput>): Promise<Profile>;
  /** @param after the place of the last item that the caller has had */
  events(stream: UserStream, after: string | undefined): AsyncIterable<LiveItem>;
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
      /**
       * The caller's own account events, as they happen, over SSE. Ends with an error as soon as the
       * token holds no longer; see `WatchedToken` for what its codes mean.
       */
      events: watchedProcedure.input(eventsInput).subscription(async function* events(opts) {
        const { request, caller, held } = opts.ctx;
        const gone = opts.signal ?? request.signal;
        const after = opts.input?.lastEventId ?? undefined;
        const open = (ended: AbortSignal) => service.events({ request, caller, ended }, after);
        for await (const { place, event } of untilRevoked({ held, gone }, open)) {
          yield tracked(place, event);
        }
      }),
    }),
  });
}

export type UserRouter = ReturnType<typeof createUserRouter>;
