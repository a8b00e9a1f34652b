/** Permissions of a service's own: which of them are declared in portcullis.config.ts, as auth reads it. */
import { PERMISSIONS } from '@portcullis/contracts';
import { CONFIG_SOURCE, configFileInUse, writtenAccess } from '../services/declared-access.ts';

/** Those that no role can carry. */
export function undeclared(permissions: readonly string[]): string[] {
  const declared = writtenAccess(configFileInUse())?.permissions ?? [];
  const known: readonly string[] = [...PERMISSIONS, ...declared];
  return permissions.filter((permission) => !known.includes(permission));
}

/** What to say of them; nothing where each can be given. */
export function wordOf(permissions: readonly string[]): string[] {
  const missing = undeclared(permissions);
  if (missing.length === 0) return [];
  const { number, permissions: before = [] } = writtenAccess(configFileInUse()) ?? { number: 0 };
  const quoted = [...before, ...missing].map((permission) => `'${permission}'`).join(', ');
  return [
    `no role can carry ${missing.join(', ')} yet. In ${CONFIG_SOURCE}, with the roles that are to:`,
    `  number: ${number + 1},`,
    `  permissions: [${quoted}],`,
    'then npm run config: auth takes it up, and nothing is restarted.',
  ];
}
