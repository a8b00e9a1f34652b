/** Permissions of a service's own: which of them services read of portcullis.config.json. */
import { PERMISSIONS } from '@portcullis/contracts';
import { CONFIG_SOURCE, writtenAccess } from '../services/declared-access.ts';

/** Those that no role can carry. */
export function undeclared(permissions: readonly string[]): string[] {
  const known: readonly string[] = [...PERMISSIONS, ...(writtenAccess()?.permissions ?? [])];
  return permissions.filter((permission) => !known.includes(permission));
}

/** What to say of them; nothing where each can be given. */
export function wordOf(permissions: readonly string[]): string[] {
  const missing = undeclared(permissions);
  if (missing.length === 0) return [];
  return [
    `${missing.join(', ')}: kept with the service, and of no effect yet. Declare them in ${CONFIG_SOURCE} and raise its`,
    'number; then npm run config, and npm start again: roles carry them then.',
  ];
}
