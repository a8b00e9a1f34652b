/**
 * About how many guesses a password needs from an attacker who tries what users choose: the cheapest
 * way to put it together from common passwords, runs of keys or letters, repetitions, and single
 * characters. Linear in practice and bounded: it runs on the event loop.
 */
import { dictionary } from '@zxcvbn-ts/language-common';

/** Characters that are looked at. What stands behind them only makes a password harder. */
const LOOKED_AT = 128;
/** Length of the longest common password that is looked for, and of the shortest that counts as one. */
const LONGEST = 32;
const SHORTEST = 3;

/** Decimal logarithms of guesses. */
const ANY_CHARACTER = 1.5;
const RUN = 1.5;
const AS_IS = 0;
const IN_DISGUISE = 0.5;

/** Names that belong to this very place; an attacker tries them first. */
const OF_THIS_PLACE = ['portcullis'];

/** Common passwords, lower case, with their rank from 1. */
const RANKS: ReadonlyMap<string, number> = new Map(
  [...dictionary['passwords-common'], ...OF_THIS_PLACE].map((word, index, all) => [
    word,
    index < all.length - OF_THIS_PLACE.length ? index + 1 : 1,
  ]),
);

const ROWS = [
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  '01234567890',
  'qazwsxedcrfvtgbyhnujmikolp',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik',
  '1q2w3e4r5t6y7u8i9o0p',
  'q1w2e3r4t5y6u7i8o9p0',
  'qwertzuiop',
  'azertyuiop',
].flatMap((row) => [row, row.split('').toReversed().join('')]);

const DISGUISES: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

export function isCommonPassword(password: string): boolean {
  return RANKS.has(password.toLowerCase());
}

/** @returns the decimal logarithm of the guesses */
export function guessesLog10(password: string): number {
  const plain = Array.from(password).slice(0, LOOKED_AT).join('').toLowerCase();
  const undisguised = plain.replaceAll(/[013457@$!]/g, (one) => DISGUISES[one] ?? one);
  // best[i]: for the first i code units.
  const best: number[] = [0];
  for (let end = 1; end <= plain.length; end += 1) {
    let least = (best[end - 1] ?? 0) + ANY_CHARACTER;
    for (let start = Math.max(0, end - LONGEST); start <= end - SHORTEST; start += 1) {
      const before = best[start] ?? 0;
      if (before >= least) continue;
      least = Math.min(least, before + costOf(plain, undisguised, start, end));
    }
    best.push(Math.min(least, costOfRepetition(plain, best, end)));
  }
  return best.at(-1) ?? 0;
}

function costOf(plain: string, undisguised: string, start: number, end: number): number {
  const part = plain.slice(start, end);
  const rank = RANKS.get(part);
  if (rank !== undefined) return Math.log10(rank) + AS_IS;
  const hidden = RANKS.get(undisguised.slice(start, end));
  if (hidden !== undefined) return Math.log10(hidden) + IN_DISGUISE;
  return ROWS.some((row) => row.includes(part)) ? RUN : Number.POSITIVE_INFINITY;
}

/** What ends here and is the same again and again costs what it costs once, and how often. */
function costOfRepetition(text: string, best: readonly number[], end: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let size = 1; size <= end / 2; size += 1) {
    let start = end - size;
    while (start > 0 && text[start - 1] === text[start - 1 + size]) start -= 1;
    const length = end - start;
    if (length < 2 * size || length < SHORTEST) continue;
    const once = (best[start + size] ?? 0) - (best[start] ?? 0);
    const all = (best[start] ?? 0) + Math.max(0, once) + Math.log10(length / size);
    least = Math.min(least, all);
  }
  return least;
}
