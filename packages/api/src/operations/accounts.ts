/** Accounts as administrators see them, and what administrators do to them. */
import { MAX_ROLES } from '@portcullis/contracts';
import {
  clientId,
  receipt,
  receiptWait,
  role,
  roleOfToken,
  userId,
  shownName,
} from '@portcullis/contracts/schemas';
import * as z from 'zod';
import { filter } from '../filter.ts';
import type { Operations } from './operation.ts';

export const accountStatus = z.enum(['active', 'disabled']);

export const account = z.object({
  id: userId,
  email: z.string(),
  name: z.string().nullable(),
  roles: z.array(roleOfToken),
  status: accountStatus,
  email_verified: z.boolean(),
  created_at: z.iso.datetime(),
  last_login_at: z.iso.datetime().nullable(),
});
export type Account = z.infer<typeof account>;

export const listAccountsInput = z.strictObject({
  query: z
    .string()
    .trim()
    .max(254)
    .transform((text) => (text === '' ? undefined : text))
    .optional()
    .describe('Part of an e-mail address or a name, in any case and normal form, or a whole id.'),
  status: filter(accountStatus),
  role: filter(role),
  /** From `next_cursor` of the page before. */
  cursor: filter(userId),
  limit: z.int().min(1).max(100).default(20),
});

export const accountPage = z.object({
  users: z.array(account),
  next_cursor: userId.nullable(),
});
export type AccountPage = z.infer<typeof accountPage>;

export const accountInput = z.strictObject({ user_id: userId });
export const accountChangeInput = z.strictObject({ user_id: userId, wait: receiptWait });
/** `client_id`: only what this client holds for the user; everything unless given. */
export const accountLogoutInput = accountChangeInput.extend({
  client_id: clientId
    .optional()
    .describe('End only what this client holds for the user; everything unless given.'),
});
export const rolesInput = z.strictObject({
  user_id: userId,
  roles: z.array(role).max(MAX_ROLES),
  wait: receiptWait,
});

/** `receipt` is null where nothing was revoked: the account was as asked already. */
export const accountChange = z.object({ user: account, receipt: receipt.nullable() });
export type AccountChange = z.infer<typeof accountChange>;
export const accountEnabled = z.object({ user: account });
export const accountDeleted = z.object({ deleted: userId, receipt });
export type AccountDeleted = z.infer<typeof accountDeleted>;

/** `expected`: only if this is the name until now. */
export const renameInput = z.strictObject({
  user_id: userId,
  name: shownName.nullable(),
  expected: z.string().nullable().optional(),
});
/** The name now, and since when; null where it was another one than expected, and stays. */
export const accountRenamed = z.object({
  name: z.string().nullable(),
  changed_at: z.iso.datetime().nullable(),
});

const tag = 'Users';

export const accountOperations = {
  list: {
    permission: 'users:read',
    input: listAccountsInput,
    output: accountPage,
    route: { method: 'GET', path: '/v1/users', summary: 'List and search users', tag },
  },
  get: {
    permission: 'users:read',
    input: accountInput,
    output: account,
    route: { method: 'GET', path: '/v1/users/{user_id}', summary: 'Read one user', tag },
  },
  disable: {
    permission: 'users:write',
    input: accountChangeInput,
    output: accountChange,
    audit: 'account.disabled',
    route: {
      method: 'POST',
      path: '/v1/users/{user_id}/disable',
      summary: 'Disable a user and end all access at once',
      tag,
      query: ['wait'],
    },
  },
  enable: {
    permission: 'users:write',
    input: accountInput,
    output: accountEnabled,
    audit: 'account.enabled',
    route: {
      method: 'POST',
      path: '/v1/users/{user_id}/enable',
      summary: 'Enable a user',
      tag,
    },
  },
  /** `users.delete` for administrators. */
  remove: {
    permission: 'users:delete',
    input: accountChangeInput,
    output: accountDeleted,
    audit: 'account.deleted',
    route: {
      method: 'DELETE',
      path: '/v1/users/{user_id}',
      summary: 'Delete a user and end all access at once',
      tag,
    },
  },
  setRoles: {
    permission: 'roles:write',
    input: rolesInput,
    output: accountChange,
    audit: 'account.roles-changed',
    route: {
      method: 'PUT',
      path: '/v1/users/{user_id}/roles',
      summary: 'Replace the roles of a user; older tokens stop working at once',
      tag,
      query: ['wait'],
    },
  },
  logout: {
    permission: 'sessions:revoke',
    input: accountLogoutInput,
    output: receipt,
    audit: { everything: 'account.logged-out', client: 'account.client-logged-out' },
    route: {
      method: 'POST',
      path: '/v1/users/{user_id}/logout',
      summary: 'End every session of a user, or those of one client',
      tag,
      query: ['wait'],
    },
  },
} as const satisfies Operations;
