/** Changes name the administrator who asked for them: the audit trail knows users, not services. */
import type { AdminService } from '@portcullis/api';
import { askAuth, type AuthClient } from '../auth-service.ts';

type Changes = Pick<
  AdminService,
  'disableUser' | 'enableUser' | 'deleteUser' | 'setRoles' | 'logUserOut'
>;

export function changeAccounts({ accounts }: AuthClient): Changes {
  return {
    disableUser: (call, input) =>
      askAuth(call, (options) =>
        accounts.disable.mutate({ ...input, actor: call.caller.sub }, options),
      ),
    enableUser: (call, input) =>
      askAuth(call, (options) =>
        accounts.enable.mutate({ ...input, actor: call.caller.sub }, options),
      ),
    deleteUser: (call, input) =>
      askAuth(call, (options) =>
        accounts.remove.mutate({ ...input, actor: call.caller.sub }, options),
      ),
    setRoles: (call, input) =>
      askAuth(call, (options) =>
        accounts.setRoles.mutate({ ...input, actor: call.caller.sub }, options),
      ),
    logUserOut: (call, input) =>
      askAuth(call, (options) =>
        accounts.logout.mutate({ ...input, actor: call.caller.sub }, options),
      ),
  };
}
