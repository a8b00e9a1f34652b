import type { AdminService } from '@portcullis/api';
import { askAuth, type AuthClient } from '../auth-service.ts';

type Clients = Pick<
  AdminService,
  'listClients' | 'createClient' | 'rotateClient' | 'disableClient'
>;

export function administerClients({ clients }: AuthClient): Clients {
  return {
    listClients: (call, input) => askAuth(call, (options) => clients.list.query(input, options)),
    createClient: (call, input) =>
      askAuth(call, (options) =>
        clients.create.mutate({ ...input, actor: call.caller.sub }, options),
      ),
    rotateClient: (call, input) =>
      askAuth(call, (options) =>
        clients.rotate.mutate({ ...input, actor: call.caller.sub }, options),
      ),
    disableClient: (call, input) =>
      askAuth(call, (options) =>
        clients.disable.mutate({ ...input, actor: call.caller.sub }, options),
      ),
  };
}
