/**
 * NIST SP 800-63B-4 section 3.1.1.2: length, and nothing that an attacker would try first. No rules
 * of composition: they make passwords worse.
 */
import { Refusal, type Issue } from '@portcullis/contracts';
import type { IsBreached } from './breached-passwords.ts';

/** Code points; the least where the password is the only factor. */
const MIN_CODE_POINTS = 15;
/** Code points; more is refused, never cut off. */
const MAX_CODE_POINTS = 256;
/** Characters. Shorter parts of an address or a name occur in ordinary words. */
const MIN_OWN_PART = 6;

/** Decimal logarithm: a hundred million guesses, some weeks of a core even with a stolen hash. */
const LEAST_GUESSES = 8;

const HINT = 'Four unrelated words do well, or what a password manager makes.';
const COMMON = `It is among the passwords that are tried first. ${HINT}`;

export interface Owner {
  /** As `emailKey` gives it. */
  emailKey: string;
  name: string | null;
}

/** The one spelling that is hashed, so that a keyboard's choice of composition does not matter. */
export function normalisePassword(password: string): string {
  return password.normalize('NFKC');
}

/**
 * @param path what the password is called in the request
 * @throws Refusal `invalid_request` that says what to change, and never repeats the password
 */
export type PasswordPolicy = (password: string, owner: Owner, path?: string) => Promise<void>;

/** @param isBreached a service that is asked last; it is not needed for the list that is built in */
export function createPasswordPolicy(isBreached: IsBreached): PasswordPolicy {
  return async (password, owner, path = 'password') => {
    const normal = normalisePassword(password);
    let problem = await problemWith(normal, owner);
    // A missing answer is not taken for a breach: see there.
    if (problem === null && (await isBreached(normal)) === true) problem = COMMON;
    if (problem === null) return;
    const issue: Issue = { path, message: problem };
    throw new Refusal('invalid_request', { issues: [issue] });
  };
}

/** @returns a sentence for the user who chose it, or null */
export async function problemWith(password: string, owner: Owner): Promise<string | null> {
  const { length } = Array.from(password);
  if (length < MIN_CODE_POINTS) {
    return `Too short: at least ${MIN_CODE_POINTS} characters. ${HINT}`;
  }
  if (length > MAX_CODE_POINTS) return `Too long: at most ${MAX_CODE_POINTS} characters.`;
  const folded = password.toLowerCase();
  if (new Set(folded).size === 1) return 'One character repeated is easy to guess.';
  // 30,000 common passwords, some 4 MiB: loaded by the first password that is chosen.
  const { guessesLog10, isCommonPassword } = await import('./guessability.ts');
  if (isCommonPassword(password)) return COMMON;
  if (guessesLog10(password) < LEAST_GUESSES) {
    return (
      'Easy to guess: it is made of common passwords, neighbouring keys or repetitions. ' + HINT
    );
  }
  if (ownParts(owner).some((part) => folded.includes(part))) {
    return 'It contains the e-mail address or the name of the account.';
  }
  return null;
}

function ownParts({ emailKey, name }: Owner): string[] {
  const parts = [emailKey.slice(0, emailKey.lastIndexOf('@'))];
  if (name !== null) parts.push(name.normalize('NFKC').toLowerCase());
  return [emailKey, ...parts.filter((part) => part.length >= MIN_OWN_PART)];
}
