/** What auth does for administrators, who ask through the admin service. */
import type { accountOperations } from './accounts.ts';
import type { auditOperations } from './audit.ts';
import type { clientOperations } from './clients.ts';
import type { keyOperations } from './keys.ts';
import type { VerbsOf } from './operation.ts';
import type { verifierOperations } from './verifiers.ts';

/** A verb for each operation, by group. It throws `Refusal` and nothing else on purpose. */
export interface Administration {
  accounts: VerbsOf<typeof accountOperations>;
  verifiers: VerbsOf<typeof verifierOperations>;
  keys: VerbsOf<typeof keyOperations>;
  clients: VerbsOf<typeof clientOperations>;
  audit: VerbsOf<typeof auditOperations>;
}
