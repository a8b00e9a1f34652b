import type { AdminService } from '@portcullis/api';
import { askAuth, type AuthClient } from '../auth-service.ts';

export function readAccounts(auth: AuthClient): Pick<AdminService, 'listUsers' | 'getUser'> {
  return {
    listUsers: (call, input) =>
      askAuth(call, (options) => auth.accounts.list.query(input, options)),
    getUser: (call, input) => askAuth(call, (options) => auth.accounts.get.query(input, options)),
  };
}
