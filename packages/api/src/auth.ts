/** The router of the auth service. */
import { receipt } from '@portcullis/contracts/schemas';
import { clearing, deliverBy, logInBy, refreshFrom } from './cookie-transport.ts';
import type { AuthService } from './auth-service.ts';
import { createFactorRouter } from './factors.ts';
import { accountOperations, accountRenamed, renameInput } from './operations/accounts.ts';
import { auditOperations } from './operations/audit.ts';
import { clientOperations } from './operations/clients.ts';
import { keyOperations } from './operations/keys.ts';
import { machineProcedures } from './operations/procedures.ts';
import { verifierOperations } from './operations/verifiers.ts';
import { ownData, registered, registerInput } from './own-account.ts';
import {
  completeLoginInput,
  continueLoginInput,
  delivered,
  endSessionInput,
  loginInput,
  loginResult,
  logoutAllInput,
  logoutInput,
  refreshInput,
  sessionList,
} from './session.ts';
import { machineProcedure, publicProcedure, router, userProcedure } from './procedures.ts';
import { createEmailRouter, createPasswordRouter } from './recovery.ts';

/** Binds the schemas to a service; holds no logic. */
export function createAuthRouter(service: AuthService) {
  const { administration } = service;
  return router({
    register: publicProcedure
      .meta({
        route: {
          method: 'POST',
          path: '/v1/register',
          status: 201,
          summary: 'Create an account',
          tag: 'Account',
          public: true,
        },
      })
      .input(registerInput)
      .output(registered)
      .mutation(async ({ ctx, input }) => {
        await service.register({ request: ctx }, input);
        return { status: 'accepted' };
      }),
    login: publicProcedure
      .meta({
        route: {
          method: 'POST',
          path: '/v1/login',
          summary: 'Log in with e-mail address and password',
          tag: 'Session',
          form: { username: 'email' },
          public: true,
        },
      })
      .input(loginInput)
      .output(loginResult)
      .mutation(({ ctx, input }) =>
        logInBy(input.transport, ctx, () => service.logIn({ request: ctx }, input)),
      ),
    continueLogin: publicProcedure
      .meta({
        route: {
          method: 'POST',
          path: '/v1/login/continue',
          summary: 'Answer the challenge of a login',
          tag: 'Session',
          public: true,
        },
      })
      .input(continueLoginInput)
      .output(loginResult)
      .mutation(({ ctx, input }) =>
        logInBy(input.transport, ctx, () => service.continueLogIn({ request: ctx }, input)),
      ),
    completeLogin: publicProcedure
      .meta({
        route: {
          method: 'POST',
          path: '/v1/login/complete',
          summary: 'Exchange the code of a sign-in on the pages of auth for tokens',
          tag: 'Session',
          public: true,
        },
      })
      .input(completeLoginInput)
      .output(delivered)
      .mutation(({ ctx, input }) =>
        deliverBy(input.transport, ctx, () => service.completeLogIn({ request: ctx }, input)),
      ),
    refresh: publicProcedure
      .meta({
        route: {
          method: 'POST',
          path: '/v1/refresh',
          summary: 'Exchange a refresh token, or the one in the cookie, for new tokens',
          tag: 'Session',
          public: true,
        },
      })
      .input(refreshInput)
      .output(delivered)
      .mutation(({ ctx, input }) =>
        refreshFrom(input.refresh_token, ctx, (token) =>
          service.refresh({ request: ctx }, { refresh_token: token }),
        ),
      ),
    logout: publicProcedure
      .meta({
        route: {
          method: 'POST',
          path: '/v1/logout',
          summary: 'End this session everywhere',
          tag: 'Session',
          query: ['wait'],
        },
      })
      .input(logoutInput)
      .output(receipt)
      .mutation(({ ctx, input }) =>
        clearing(ctx, 'invalid_token', () => service.logOut({ request: ctx }, input)),
      ),
    logoutAll: userProcedure
      .meta({
        route: {
          method: 'POST',
          path: '/v1/logout-all',
          summary: 'End every session of the caller',
          tag: 'Session',
          query: ['wait'],
        },
      })
      .input(logoutAllInput)
      .output(receipt)
      .mutation(({ ctx, input }) =>
        input.keep_current
          ? service.logOutAll(ctx, input)
          : clearing(ctx.request, 'invalid_token', () => service.logOutAll(ctx, input)),
      ),
    sessions: router({
      list: userProcedure
        .meta({
          route: {
            method: 'GET',
            path: '/v1/sessions',
            summary: "List the caller's sessions",
            tag: 'Session',
          },
        })
        .output(sessionList)
        .query(({ ctx }) => service.listSessions(ctx)),
      end: userProcedure
        .meta({
          route: {
            method: 'DELETE',
            path: '/v1/sessions/{session_id}',
            summary: "End one of the caller's sessions",
            tag: 'Session',
          },
        })
        .input(endSessionInput)
        .output(receipt)
        .mutation(({ ctx, input }) =>
          input.session_id === ctx.caller.sid
            ? clearing(ctx.request, 'invalid_token', () => service.endSession(ctx, input))
            : service.endSession(ctx, input),
        ),
    }),
    email: createEmailRouter(service),
    password: createPasswordRouter(service),
    factors: createFactorRouter(service),
    exportOwnData: userProcedure
      .meta({
        route: {
          method: 'GET',
          path: '/v1/account/export',
          summary: "Export the caller's data",
          tag: 'Account',
        },
      })
      .output(ownData)
      .query(({ ctx }) => service.exportOwnData(ctx)),
    accounts: router({
      ...machineProcedures(accountOperations, administration.accounts),
      rename: machineProcedure('users:rename')
        .input(renameInput)
        .output(accountRenamed)
        .mutation(({ ctx, input }) => service.rename(ctx, input)),
    }),
    verifiers: router(machineProcedures(verifierOperations, administration.verifiers)),
    keys: router(machineProcedures(keyOperations, administration.keys)),
    clients: router(machineProcedures(clientOperations, administration.clients)),
    audit: router(machineProcedures(auditOperations, administration.audit)),
  });
}

export type AuthRouter = ReturnType<typeof createAuthRouter>;
