/** Misspelt options: without types one that may be left out would be so, without a word. */
import { nearest } from './nearest.ts';

/** Of a name that is more different something else was meant: it is ignored. */
const MOST_LETTERS = 2;

/**
 * @param known every option that there is
 * @param below what comes before its name, for an option of an option
 * @throws TypeError with the option that was probably meant
 */
export function demandNoneMisspelt(
  options: object,
  known: Readonly<Record<string, true>>,
  of: string,
  below = '',
): void {
  const given = new Map<string, unknown>(Object.entries(options));
  for (const name of given.keys()) {
    if (Object.hasOwn(known, name)) continue;
    const meant = nearest(name, Object.keys(known), MOST_LETTERS);
    // One that is there was not misspelt: this is something else, as of settings that hold more.
    if (meant === undefined || given.get(meant) !== undefined) continue;
    throw new TypeError(
      `${of}: there is no option ${below}${name}; the nearest is ${below}${meant}`,
    );
  }
}
