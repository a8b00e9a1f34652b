/** Which of several names was probably meant by one that is none of them. */

/**
 * @param mostLetters that may differ, beside half of them
 * @returns that with the fewest letters to change, where these are at most half of them
 */
export function nearest(
  name: string,
  candidates: Iterable<string>,
  mostLetters: number = Number.POSITIVE_INFINITY,
): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const most = Math.min(least - 1, mostLetters, Math.max(name.length, candidate.length) / 2);
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
