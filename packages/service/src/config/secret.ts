/**
 * Secrets have no defaults. In production a missing, short or well-known one keeps the service from
 * starting; elsewhere only a missing one does, so that a laptop can do with less.
 */
import * as z from 'zod';

const WELL_KNOWN = new Set([
  'admin',
  'changeit',
  'changeme',
  'default',
  'dev',
  'development',
  'example',
  'guest',
  'insecure',
  'keyboardcat',
  'letmein',
  'pass',
  'passw0rd',
  'password',
  'portcullis',
  'postgres',
  'qwerty',
  'root',
  'secret',
  'supersecret',
  'test',
  'topsecret',
  'verysecret',
  'your256bitsecret',
  'yoursecret',
  'yoursecrethere',
  'yoursecretkey',
]);

/** Fewer distinct characters than this, in a long secret, are not from a random source. */
const MIN_DISTINCT = 8;

export interface SecretOptions {
  production: boolean;
  /** Characters; checked in production only. */
  minLength: number;
}

export function secret(options: SecretOptions) {
  const present = z.string().min(1, 'is missing').max(8192, 'is too long');
  if (!options.production) return present;
  return present
    .min(options.minLength, `is shorter than ${options.minLength} characters`)
    .refine((value) => !isWellKnown(value), 'is a well-known or guessable secret');
}

/** Whether it is well known, regardless of its case, punctuation, digits at the end, or repetition. */
export function isWellKnown(value: string): boolean {
  const letters = value.toLowerCase().replace(/[^a-z0-9]/g, '');
  const stem = letters.replace(/[0-9]+$/, '');
  if (WELL_KNOWN.has(letters) || WELL_KNOWN.has(stem)) return true;
  for (let size = 1; size <= letters.length / 2; size += 1) {
    if (letters.length % size === 0 && isRepetition(letters, size)) return true;
  }
  return value.length >= 16 && new Set(value).size < MIN_DISTINCT;
}

function isRepetition(text: string, size: number): boolean {
  return text === text.slice(0, size).repeat(text.length / size);
}

/** `postgres://…`; its password counts as a secret, except that a socket or a certificate needs none. */
export function databaseUrl(options: { production: boolean }) {
  return z
    .string()
    .max(2048, 'is too long')
    .refine(
      (value) => URL.canParse(value) && /^postgres(ql)?:$/.test(new URL(value).protocol),
      'is not a postgres:// address',
    )
    .refine(
      (value) =>
        !options.production ||
        !URL.canParse(value) ||
        new URL(value).password === '' ||
        !isWellKnown(decodeURIComponent(new URL(value).password)),
      'holds a well-known or guessable password',
    );
}
