/** Misspelt options: without types one that may be left out would be so, without a word. */
import { nearest } from '../set-up/nearest.ts';

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
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue;
    const meant = nearest(name, Object.keys(known), MOST_LETTERS);
    if (meant === undefined) continue;
    throw new TypeError(
      `${of}: there is no option ${below}${name}; the nearest is ${below}${meant}`,
    );
  }
}
