/** What is said of a permission that is asked for and declared nowhere. */
import { quoted } from '../wire/quoted.ts';
import { nearest } from './nearest.ts';

const FIX =
  'Fix: mend the name, or declare it in portcullis.config.ts and run npm run config (docs/reference.md#roles-and-permissions-of-your-own)';

/** Characters of a name; no longer one is declared. */
const MAX_LENGTH = 64;

/** @param declared all permissions that there are */
export function textOfUndeclared(permission: string, declared: ReadonlySet<string>): string {
  const name = permission.slice(0, MAX_LENGTH);
  const near = nearest(name, declared);
  const hint = near === undefined ? '' : `; the nearest is ${near}`;
  return `the permission ${quoted(name)} is declared nowhere: no role carries it, and every user is refused (403)${hint}. ${FIX}`;
}
