/** The router of the auth service. */
import { receipt } from '@portcullis/contracts/schemas';
import * as z from 'zod';
import {
  accountChange,
  accountChangeInput,
  accountDeleted,
  accountEnabled,
  accountInput,
  accountLogoutInput,
  account,
  accountPage,
  accountRenamed,
  listAccountsInput,
  renameInput,
  rolesInput,
  verifierList,
} from './account.ts';
import { auditPage, listAuditInput } from './audit.ts';
import {
  clientPage,
  createClientInput,
  createdClient,
  disableClientInput,
  disabledClient,
  listClientsInput,
  rotateClientInput,
  rotatedClient,
} from './clients.ts';
import { clearing, logInBy, refreshFrom } from './cookie-transport.ts';
import type { AuthService } from './auth-service.ts';
import { killKeyInput, rotatedKey } from './keys.ts';
import { ownData, registered, registerInput } from './own-account.ts';
import {
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

/** The user whom a service acts for. */
const onBehalfOf = { actor: accountInput.shape.user_id };

/** Binds the schemas to a service; holds no logic. */
export function createAuthRouter(service: AuthService) {
  const { accounts } = service;
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
      list: machineProcedure('users:read')
        .input(listAccountsInput)
        .output(accountPage)
        .query(({ ctx, input }) => accounts.list(ctx, input)),
      get: machineProcedure('users:read')
        .input(accountInput)
        .output(account)
        .query(({ ctx, input }) => accounts.get(ctx, input)),
      disable: machineProcedure('users:write')
        .input(accountChangeInput.extend(onBehalfOf))
        .output(accountChange)
        .mutation(({ ctx, input }) => accounts.disable(ctx, input)),
      enable: machineProcedure('users:write')
        .input(accountInput.extend(onBehalfOf))
        .output(accountEnabled)
        .mutation(({ ctx, input }) => accounts.enable(ctx, input)),
      remove: machineProcedure('users:delete')
        .input(accountChangeInput.extend(onBehalfOf))
        .output(accountDeleted)
        .mutation(({ ctx, input }) => accounts.remove(ctx, input)),
      setRoles: machineProcedure('roles:write')
        .input(rolesInput.extend(onBehalfOf))
        .output(accountChange)
        .mutation(({ ctx, input }) => accounts.setRoles(ctx, input)),
      rename: machineProcedure('users:rename')
        .input(renameInput)
        .output(accountRenamed)
        .mutation(({ ctx, input }) => accounts.rename(ctx, input)),
      logout: machineProcedure('sessions:revoke')
        .input(accountLogoutInput.extend(onBehalfOf))
        .output(receipt)
        .mutation(({ ctx, input }) => accounts.logOut(ctx, input)),
    }),
    verifiers: router({
      list: machineProcedure('verifiers:read')
        .output(verifierList)
        .query(({ ctx }) => accounts.listVerifiers(ctx)),
    }),
    keys: router({
      rotate: machineProcedure('keys:write')
        .input(z.strictObject(onBehalfOf))
        .output(rotatedKey)
        .mutation(({ ctx, input }) => accounts.rotateKey(ctx, input)),
      kill: machineProcedure('keys:write')
        .input(killKeyInput.extend(onBehalfOf))
        .output(receipt)
        .mutation(({ ctx, input }) => accounts.killKey(ctx, input)),
    }),
    clients: router({
      list: machineProcedure('clients:read')
        .input(listClientsInput)
        .output(clientPage)
        .query(({ ctx, input }) => accounts.listClients(ctx, input)),
      create: machineProcedure('clients:write')
        .input(createClientInput.extend(onBehalfOf))
        .output(createdClient)
        .mutation(({ ctx, input }) => accounts.createClient(ctx, input)),
      rotate: machineProcedure('clients:write')
        .input(rotateClientInput.extend(onBehalfOf))
        .output(rotatedClient)
        .mutation(({ ctx, input }) => accounts.rotateClient(ctx, input)),
      disable: machineProcedure('clients:write')
        .input(disableClientInput.extend(onBehalfOf))
        .output(disabledClient)
        .mutation(({ ctx, input }) => accounts.disableClient(ctx, input)),
    }),
    audit: router({
      list: machineProcedure('audit:read')
        .input(listAuditInput)
        .output(auditPage)
        .query(({ ctx, input }) => accounts.listAudit(ctx, input)),
    }),
  });
}

export type AuthRouter = ReturnType<typeof createAuthRouter>;
