/** Permissions of a service's own: which of them are declared in portcullis.config.ts, as auth reads it. */
import { NO_ACCESS_CONFIG, PERMISSIONS } from '@portcullis/contracts';
import { CONFIG_SOURCE, configFileInUse, writtenAccess } from '../services/declared-access.ts';
import { lettersBetween } from '../usage/nearest.mjs';

/** The role of the lines that are printed, as docs/adopt.md has it. */
const ROLE = 'manager';
/** Letters by which a misspelt name differs from the one that was meant, at most. */
const MAX_LETTERS = 2;

/** All that a role can carry. */
function declared(): readonly string[] {
  return [...PERMISSIONS, ...(writtenAccess(configFileInUse())?.permissions ?? [])];
}

/** Those that no role can carry. */
export function undeclared(permissions: readonly string[]): string[] {
  const known = declared();
  return permissions.filter((permission) => !known.includes(permission));
}

/** What to say of them; nothing where each can be given. */
export function wordOf(permissions: readonly string[]): string[] {
  const missing = undeclared(permissions);
  if (missing.length === 0) return [];
  const access = writtenAccess(configFileInUse()) ?? NO_ACCESS_CONFIG;
  const roles = { ...access.roles, [ROLE]: [...(access.roles[ROLE] ?? []), ...missing] };
  const shown = Object.entries(roles).map(
    ([name, carried]) => `${keyOf(name)}: ${listOf(carried)}`,
  );
  return [
    ...missing.flatMap(misspeltOf),
    `no role can carry ${missing.join(', ')} yet. In ${CONFIG_SOURCE}, with a role of whatever name:`,
    `  number: ${access.number + 1},`,
    `  permissions: ${listOf([...access.permissions, ...missing])},`,
    `  roles: { ${shown.join(', ')} },`,
    'then npm run config: auth takes it up, and nothing is restarted.',
  ];
}

/** @returns a line for one that is nearly the name of another, which was probably meant */
function misspeltOf(permission: string): string[] {
  const [best] = declared()
    .map((name) => ({ name, far: lettersBetween(permission, name) }))
    .filter(({ far }) => far <= MAX_LETTERS)
    .toSorted((one, other) => one.far - other.far);
  if (best === undefined) return [];
  return [
    `${permission} is declared nowhere, and ${best.name} is: if that was meant, add the service again with it, and mend its guard.`,
  ];
}

const listOf = (names: readonly string[]): string =>
  `[${names.map((name) => `'${name}'`).join(', ')}]`;
const keyOf = (name: string): string => (/^[a-z_]\w*$/.test(name) ? name : `'${name}'`);
