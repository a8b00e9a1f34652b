/**
 * @param {string} word
 * @param {readonly string[]} right
 * @returns {string | undefined} what of it was probably meant, if anything
 */
export function nearest(word, right) {
  const [best] = right
    .map((candidate) => ({ candidate, far: farBetween(word, candidate) }))
    .filter(({ candidate, far }) => far <= Math.max(word.length, candidate.length) / 2)
    .toSorted((one, other) => one.far - other.far);
  return best?.candidate;
}

/**
 * @param {string} word
 * @param {string} candidate
 * @returns {number} letters between them; a beginning is as good as one
 */
function farBetween(word, candidate) {
  if (word.length > 2 && candidate.startsWith(word)) return 1;
  return lettersBetween(word, candidate);
}

/**
 * @param {string} word
 * @param {string} candidate
 * @returns {number} letters to change, add or leave out (Levenshtein)
 */
export function lettersBetween(word, candidate) {
  let row = Array.from({ length: candidate.length + 1 }, (_, at) => at);
  for (const [at, letter] of Array.from(word).entries()) {
    const next = [at + 1];
    for (const [other, of] of Array.from(candidate).entries()) {
      const swapped = (row[other] ?? 0) + (letter === of ? 0 : 1);
      next.push(Math.min(swapped, (row[other + 1] ?? 0) + 1, (next[other] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
