/** What is said of a permission that is asked for and declared nowhere. */
const FIX =
  'Fix: mend the name, or declare it in portcullis.config.ts and run npm run config (docs/reference.md#roles-and-permissions-of-your-own)';

/** Characters of a name; no longer one is declared. */
const MAX_LENGTH = 64;

/** @param declared all permissions that there are */
export function textOfUndeclared(permission: string, declared: ReadonlySet<string>): string {
  const name = permission.slice(0, MAX_LENGTH);
  const near = nearest(name, declared);
  const hint = near === undefined ? '' : `; the nearest is ${near}`;
  return `the permission ${JSON.stringify(name)} is declared nowhere: no role carries it, and every user is refused (403)${hint}. ${FIX}`;
}

/** @returns that with the fewest letters to change, where these are at most half of them */
function nearest(name: string, declared: ReadonlySet<string>): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of declared) {
    const far = lettersBetween(name, candidate);
    if (far >= least || far > Math.max(name.length, candidate.length) / 2) continue;
    best = candidate;
    least = far;
  }
  return best;
}

/** @returns how many letters to change, add or leave out (Levenshtein) */
function lettersBetween(name: string, candidate: string): number {
  let row = Array.from({ length: candidate.length + 1 }, (_, at) => at);
  for (const [at, letter] of Array.from(name).entries()) {
    const next = [at + 1];
    for (const [other, of] of Array.from(candidate).entries()) {
      const swapped = (row[other] ?? 0) + (letter === of ? 0 : 1);
      next.push(Math.min(swapped, (row[other + 1] ?? 0) + 1, (next[other] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
