/** The router of the admin service. */
import { receipt } from '@portcullis/contracts/schemas';
import type * as z from 'zod';
import {
  account,
  accountChange,
  accountChangeInput,
  accountDeleted,
  accountEnabled,
  accountInput,
  accountLogoutInput,
  accountPage,
  listAccountsInput,
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
import { killKeyInput, rotatedKey } from './keys.ts';
import type { UserCall } from './context.ts';
import { permittedProcedure, router } from './procedures.ts';

export interface AdminService {
  listUsers(
    call: UserCall,
    input: z.infer<typeof listAccountsInput>,
  ): Promise<z.infer<typeof accountPage>>;
  getUser(call: UserCall, input: z.infer<typeof accountInput>): Promise<z.infer<typeof account>>;
  disableUser(call: UserCall, input: z.infer<typeof accountChangeInput>): Promise<ChangeOf>;
  enableUser(
    call: UserCall,
    input: z.infer<typeof accountInput>,
  ): Promise<z.infer<typeof accountEnabled>>;
  deleteUser(
    call: UserCall,
    input: z.infer<typeof accountChangeInput>,
  ): Promise<z.infer<typeof accountDeleted>>;
  setRoles(call: UserCall, input: z.infer<typeof rolesInput>): Promise<ChangeOf>;
  logUserOut(
    call: UserCall,
    input: z.infer<typeof accountLogoutInput>,
  ): Promise<z.infer<typeof receipt>>;
  listVerifiers(call: UserCall): Promise<z.infer<typeof verifierList>>;
  rotateKey(call: UserCall): Promise<z.infer<typeof rotatedKey>>;
  killKey(call: UserCall, input: z.infer<typeof killKeyInput>): Promise<z.infer<typeof receipt>>;
  listClients(
    call: UserCall,
    input: z.infer<typeof listClientsInput>,
  ): Promise<z.infer<typeof clientPage>>;
  createClient(
    call: UserCall,
    input: z.infer<typeof createClientInput>,
  ): Promise<z.infer<typeof createdClient>>;
  rotateClient(
    call: UserCall,
    input: z.infer<typeof rotateClientInput>,
  ): Promise<z.infer<typeof rotatedClient>>;
  disableClient(
    call: UserCall,
    input: z.infer<typeof disableClientInput>,
  ): Promise<z.infer<typeof disabledClient>>;
  listAudit(
    call: UserCall,
    input: z.infer<typeof listAuditInput>,
  ): Promise<z.infer<typeof auditPage>>;
}

const CLIENTS = 'Machine clients';

type ChangeOf = z.infer<typeof accountChange>;

export function createAdminRouter(service: AdminService) {
  const tag = 'Users';
  return router({
    users: router({
      list: permittedProcedure('users:read')
        .meta({
          route: { method: 'GET', path: '/v1/users', summary: 'List and search users', tag },
        })
        .input(listAccountsInput)
        .output(accountPage)
        .query(({ ctx, input }) => service.listUsers(ctx, input)),
      get: permittedProcedure('users:read')
        .meta({
          route: { method: 'GET', path: '/v1/users/{user_id}', summary: 'Read one user', tag },
        })
        .input(accountInput)
        .output(account)
        .query(({ ctx, input }) => service.getUser(ctx, input)),
      disable: permittedProcedure('users:write')
        .meta({
          route: {
            method: 'POST',
            path: '/v1/users/{user_id}/disable',
            summary: 'Disable a user and end all access at once',
            tag,
            query: ['wait'],
          },
        })
        .input(accountChangeInput)
        .output(accountChange)
        .mutation(({ ctx, input }) => service.disableUser(ctx, input)),
      enable: permittedProcedure('users:write')
        .meta({
          route: {
            method: 'POST',
            path: '/v1/users/{user_id}/enable',
            summary: 'Enable a user',
            tag,
          },
        })
        .input(accountInput)
        .output(accountEnabled)
        .mutation(({ ctx, input }) => service.enableUser(ctx, input)),
      delete: permittedProcedure('users:delete')
        .meta({
          route: {
            method: 'DELETE',
            path: '/v1/users/{user_id}',
            summary: 'Delete a user and end all access at once',
            tag,
          },
        })
        .input(accountChangeInput)
        .output(accountDeleted)
        .mutation(({ ctx, input }) => service.deleteUser(ctx, input)),
      setRoles: permittedProcedure('roles:write')
        .meta({
          route: {
            method: 'PUT',
            path: '/v1/users/{user_id}/roles',
            summary: 'Replace the roles of a user; older tokens stop working at once',
            tag,
            query: ['wait'],
          },
        })
        .input(rolesInput)
        .output(accountChange)
        .mutation(({ ctx, input }) => service.setRoles(ctx, input)),
      logout: permittedProcedure('sessions:revoke')
        .meta({
          route: {
            method: 'POST',
            path: '/v1/users/{user_id}/logout',
            summary: 'End every session of a user, or those of one client',
            tag,
            query: ['wait'],
          },
        })
        .input(accountLogoutInput)
        .output(receipt)
        .mutation(({ ctx, input }) => service.logUserOut(ctx, input)),
    }),
    verifiers: router({
      list: permittedProcedure('verifiers:read')
        .meta({
          route: {
            method: 'GET',
            path: '/v1/verifiers',
            summary: 'The running verifiers and how far each has got',
            tag: 'Operation',
          },
        })
        .output(verifierList)
        .query(({ ctx }) => service.listVerifiers(ctx)),
    }),
    keys: router({
      rotate: permittedProcedure('keys:write')
        .meta({
          route: {
            method: 'POST',
            path: '/v1/keys/rotate',
            summary:
              'Publish a new key, and sign with it 10 s later; older tokens live out their time',
            tag: 'Operation',
          },
        })
        .output(rotatedKey)
        .mutation(({ ctx }) => service.rotateKey(ctx)),
      kill: permittedProcedure('keys:write')
        .meta({
          route: {
            method: 'DELETE',
            path: '/v1/keys/{kid}',
            summary: 'Emergency: refuse everything that this key has ever signed',
            tag: 'Operation',
          },
        })
        .input(killKeyInput)
        .output(receipt)
        .mutation(({ ctx, input }) => service.killKey(ctx, input)),
    }),
    clients: router({
      list: permittedProcedure('clients:read')
        .meta({
          route: {
            method: 'GET',
            path: '/v1/clients',
            summary: 'List machine clients',
            tag: CLIENTS,
          },
        })
        .input(listClientsInput)
        .output(clientPage)
        .query(({ ctx, input }) => service.listClients(ctx, input)),
      create: permittedProcedure('clients:write')
        .meta({
          route: {
            method: 'POST',
            path: '/v1/clients',
            status: 201,
            summary: 'Create a machine client; its secret is shown this once',
            tag: CLIENTS,
          },
        })
        .input(createClientInput)
        .output(createdClient)
        .mutation(({ ctx, input }) => service.createClient(ctx, input)),
      rotate: permittedProcedure('clients:write')
        .meta({
          route: {
            method: 'POST',
            path: '/v1/clients/{client_id}/rotate',
            summary:
              'Give a machine client a new secret; the old secret stays valid for overlap_seconds',
            tag: CLIENTS,
            query: ['wait'],
          },
        })
        .input(rotateClientInput)
        .output(rotatedClient)
        .mutation(({ ctx, input }) => service.rotateClient(ctx, input)),
      disable: permittedProcedure('clients:write')
        .meta({
          route: {
            method: 'DELETE',
            path: '/v1/clients/{client_id}',
            summary: 'Disable a machine client permanently, and refuse its tokens at once',
            tag: CLIENTS,
          },
        })
        .input(disableClientInput)
        .output(disabledClient)
        .mutation(({ ctx, input }) => service.disableClient(ctx, input)),
    }),
    audit: router({
      list: permittedProcedure('audit:read')
        .meta({
          route: {
            method: 'GET',
            path: '/v1/audit',
            summary: 'List the audit trail, newest first',
            tag: 'Operation',
          },
        })
        .input(listAuditInput)
        .output(auditPage)
        .query(({ ctx, input }) => service.listAudit(ctx, input)),
    }),
  });
}

export type AdminRouter = ReturnType<typeof createAdminRouter>;
