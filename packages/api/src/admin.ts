/** The router of the admin service. */
import { accountOperations } from './operations/accounts.ts';
import { auditOperations } from './operations/audit.ts';
import { clientOperations } from './operations/clients.ts';
import { keyOperations } from './operations/keys.ts';
import { permittedProcedures, type AskAuth } from './operations/procedures.ts';
import { verifierOperations } from './operations/verifiers.ts';
import { router } from './procedures.ts';

/** Binds the operations of administrators to the auth service; holds no logic. */
export function createAdminRouter(auth: AskAuth) {
  const { remove, ...users } = permittedProcedures('accounts', accountOperations, auth);
  return router({
    // Accounts are users here, and are deleted.
    users: router({ ...users, delete: remove }),
    verifiers: router(permittedProcedures('verifiers', verifierOperations, auth)),
    keys: router(permittedProcedures('keys', keyOperations, auth)),
    clients: router(permittedProcedures('clients', clientOperations, auth)),
    audit: router(permittedProcedures('audit', auditOperations, auth)),
  });
}

export type AdminRouter = ReturnType<typeof createAdminRouter>;
