import type { AdminService } from '@portcullis/api';
import { askAuth, type AuthClient } from '../auth-service.ts';

export function readVerifiers(auth: AuthClient): Pick<AdminService, 'listVerifiers'> {
  return {
    listVerifiers: (call) =>
      askAuth(call, (options) => auth.verifiers.list.query(undefined, options)),
  };
}
