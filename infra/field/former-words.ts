/**
 * What field tests name, as it was called in the commit that their faults were found in. They are copied over
 * a checkout of it, with these words in the place of those of today.
 */
export const FORMER_WORDS: readonly (readonly [now: string, then: string])[] = [
  // packages
  ['@portcullis/bus', '@portcullis/contracts'],
  ['@portcullis/contracts/schemas', '@portcullis/contracts'],
  ['@portcullis/snapshot', '@portcullis/contracts'],
  ['@portcullis/testbed', '@portcullis/testkit'],
  // names
  ['closeOnRevocation', 'cutOnRevocation'],
  ['verifyMaybeSync', 'verifyAtOnce'],
  // on the wire
  ['claims_changed', 'changed'],
  ['deregister', 'farewell'],
  ['deregistrations', 'farewells'],
  ['best_effort', 'unpromised'],
  ["'ready'", "'listening'"],
  ["'gap'", "'missed'"],
  // mails
  ['resend-verification', 'verify-again'],
  ['email-change-requested', 'email-change-asked'],
  ['unconfirmed', 'doubtful'],
  ['obsolete', 'needless'],
  ['throttled', 'held-back'],
];

/** Replaces whole words, each of them once: what has been put in is not looked at again. */
export function inFormerWords(text: string, words: typeof FORMER_WORDS = FORMER_WORDS): string {
  const former = new Map(words);
  // Of two that begin alike, the longer one.
  const longestFirst = [...former.keys()].toSorted((a, b) => b.length - a.length);
  const any = longestFirst.map((word) => word.replaceAll(/[^\w\s]/g, String.raw`\$&`)).join('|');
  const whole = new RegExp(`(?<![\\w-])(?:${any})(?![\\w-])`, 'g');
  return any === '' ? text : text.replaceAll(whole, (word) => former.get(word) ?? word);
}
