/** The router of the auth service. */
import {
  emailAddress,
  keyId,
  receipt,
  receiptWait,
  sessionId,
  shownName,
} from '@portcullis/contracts';
import * as z from 'zod';
import {
  accountChange,
  accountChangeInput,
  accountDeleted,
  accountEnabled,
  accountInput,
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
import type { AnonymousCall, MachineCall, UserCall } from './context.ts';
import { clearing, logInBy, refreshFrom } from './cookie-transport.ts';
import { machineProcedure, publicProcedure, router, userProcedure } from './procedures.ts';
import {
  createEmailRouter,
  createPasswordRouter,
  knownAddress,
  password,
  type RecoveryService,
} from './recovery.ts';

const refreshToken = z.string().min(1).max(256);

export const registerInput = z.strictObject({
  email: emailAddress,
  password,
  name: shownName.optional(),
});
/** The same whether or not the address is known. */
export const registered = z.object({ status: z.literal('accepted') });

export const loginInput = z.strictObject({
  email: knownAddress,
  password,
  /** `cookie`: the tokens travel in cookies that no script can read, and not in the answer. */
  transport: z.enum(['body', 'cookie']).default('body'),
});

/** RFC 6749 section 5.1, and the session that was opened. */
export const tokens = z.object({
  access_token: z.string(),
  /** `DPoP` when the request proved possession of a key, which the tokens are bound to (RFC 9449). */
  token_type: z.enum(['Bearer', 'DPoP']),
  /** Seconds. */
  expires_in: z.int(),
  refresh_token: z.string(),
  session_id: sessionId,
});
export type Tokens = z.infer<typeof tokens>;

/** What the answer says of tokens that travel in cookies. */
export const cookieSession = z.object({
  transport: z.literal('cookie'),
  /** Seconds that the access token has to live. */
  expires_in: z.int(),
  session_id: sessionId,
});
export type CookieSession = z.infer<typeof cookieSession>;
const delivered = z.union([tokens, cookieSession]);

/** Without a token, the one in the cookie is meant. */
export const refreshInput = z.strictObject({ refresh_token: refreshToken.optional() });
export const logoutInput = z.strictObject({ wait: receiptWait });
export const logoutAllInput = z.strictObject({
  /** Spares the caller's own session by ending the others one by one. */
  keep_current: z.boolean().default(false),
  wait: receiptWait,
});
export const endSessionInput = z.strictObject({ session_id: sessionId, wait: receiptWait });

export const session = z.object({
  id: sessionId,
  /** Whether it is the one that asks. */
  current: z.boolean(),
  user_agent: z.string().nullable(),
  address: z.string().nullable(),
  created_at: z.iso.datetime(),
  last_used_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
});
export const sessionList = z.object({ sessions: z.array(session) });
export type SessionList = z.infer<typeof sessionList>;

/** All that this service keeps about a person. */
export const ownData = z.object({
  exported_at: z.iso.datetime(),
  account: account,
  /** Those that have ended too, the newest first; at most 1,000. */
  sessions: z.array(
    session.omit({ current: true }).extend({ ended_at: z.iso.datetime().nullable() }),
  ),
  /** Of the audit trail: what the person did, and what was done to the account; at most 1,000. */
  activity: z.array(
    z.object({ at: z.iso.datetime(), action: z.string(), address: z.string().nullable() }),
  ),
});
export type OwnData = z.infer<typeof ownData>;

/** Who asked for it, when a service acts for a person. */
const onBehalfOf = { actor: accountInput.shape.user_id };

/** What the app supplies. A verb throws `Refusal` and nothing else on purpose. */
export interface AuthService extends RecoveryService {
  register(call: AnonymousCall, input: z.infer<typeof registerInput>): Promise<void>;
  logIn(call: AnonymousCall, input: z.infer<typeof loginInput>): Promise<Tokens>;
  refresh(call: AnonymousCall, input: { refresh_token: string }): Promise<Tokens>;
  /** Answers a session that has ended already with the receipt of its end; so it authenticates itself. */
  logOut(call: AnonymousCall, input: z.infer<typeof logoutInput>): Promise<z.infer<typeof receipt>>;
  logOutAll(
    call: UserCall,
    input: z.infer<typeof logoutAllInput>,
  ): Promise<z.infer<typeof receipt>>;
  listSessions(call: UserCall): Promise<SessionList>;
  endSession(
    call: UserCall,
    input: z.infer<typeof endSessionInput>,
  ): Promise<z.infer<typeof receipt>>;
  exportOwnData(call: UserCall): Promise<OwnData>;
  accounts: AccountAdministration;
}

/** By machine clients, for an administrator whom they name. */
export interface AccountAdministration {
  list(call: MachineCall, input: z.infer<typeof listAccountsInput>): Promise<AccountPageOf>;
  get(call: MachineCall, input: z.infer<typeof accountInput>): Promise<z.infer<typeof account>>;
  disable(call: MachineCall, input: Acting<typeof accountChangeInput>): Promise<ChangeOf>;
  enable(
    call: MachineCall,
    input: Acting<typeof accountInput>,
  ): Promise<z.infer<typeof accountEnabled>>;
  remove(
    call: MachineCall,
    input: Acting<typeof accountChangeInput>,
  ): Promise<z.infer<typeof accountDeleted>>;
  setRoles(call: MachineCall, input: Acting<typeof rolesInput>): Promise<ChangeOf>;
  /** For the owner of the account, whom the machine client has authenticated. */
  rename(
    call: MachineCall,
    input: z.infer<typeof renameInput>,
  ): Promise<z.infer<typeof accountRenamed>>;
  logOut(
    call: MachineCall,
    input: Acting<typeof accountChangeInput>,
  ): Promise<z.infer<typeof receipt>>;
  listVerifiers(call: MachineCall): Promise<z.infer<typeof verifierList>>;
  rotateKey(call: MachineCall, input: ActorOnly): Promise<z.infer<typeof rotatedKey>>;
  killKey(call: MachineCall, input: Acting<typeof killKeyInput>): Promise<z.infer<typeof receipt>>;
  listClients(
    call: MachineCall,
    input: z.infer<typeof listClientsInput>,
  ): Promise<z.infer<typeof clientPage>>;
  createClient(
    call: MachineCall,
    input: Acting<typeof createClientInput>,
  ): Promise<z.infer<typeof createdClient>>;
  rotateClient(
    call: MachineCall,
    input: Acting<typeof rotateClientInput>,
  ): Promise<z.infer<typeof rotatedClient>>;
  disableClient(
    call: MachineCall,
    input: Acting<typeof disableClientInput>,
  ): Promise<z.infer<typeof disabledClient>>;
  listAudit(
    call: MachineCall,
    input: z.infer<typeof listAuditInput>,
  ): Promise<z.infer<typeof auditPage>>;
}

type AccountPageOf = z.infer<typeof accountPage>;
type ChangeOf = z.infer<typeof accountChange>;
type Acting<S extends z.ZodType> = z.infer<S> & ActorOnly;
interface ActorOnly {
  actor: z.infer<typeof accountInput>['user_id'];
}

export const killKeyInput = z.strictObject({ kid: keyId, wait: receiptWait });
export const rotatedKey = z.object({ kid: keyId });

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
      .output(delivered)
      .mutation(({ ctx, input }) => logInBy(input.transport, ctx, service, input)),
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
      .mutation(({ ctx, input }) => refreshFrom(input.refresh_token, ctx, service)),
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
          summary: 'All that this service keeps about the caller',
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
        .input(accountChangeInput.extend(onBehalfOf))
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
