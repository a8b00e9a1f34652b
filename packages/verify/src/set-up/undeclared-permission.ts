/** What is said of a permission that is asked for and declared nowhere. */
import { quoted } from '../wire/quoted.ts';

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

/** @returns that with the fewest letters to change, where these are at most half of them */
function nearest(name: string, declared: ReadonlySet<string>): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of declared) {
    const most = Math.min(least - 1, Math.max(name.length, candidate.length) / 2);
    const far = lettersBetween(name, candidate, most);
    if (far > most) continue;
    best = candidate;
    least = far;
  }
  return best;
}

/** @returns how many letters to change, add or leave out (Levenshtein); more than `most` where it is more, however many */
function lettersBetween(name: string, candidate: string, most: number): number {
  if (Math.abs(name.length - candidate.length) > most) return most + 1;
  let row = Array.from({ length: candidate.length + 1 }, (_, at) => at);
  for (let at = 0; at < name.length; at += 1) {
    const next = [at + 1];
    for (let of = 0; of < candidate.length; of += 1) {
      const swapped = (row[of] ?? 0) + (name[at] === candidate[of] ? 0 : 1);
      next.push(Math.min(swapped, (row[of + 1] ?? 0) + 1, (next[of] ?? 0) + 1));
    }
    if (Math.min(...next) > most) return most + 1;
    row = next;
  }
  return row.at(-1) ?? 0;
}
