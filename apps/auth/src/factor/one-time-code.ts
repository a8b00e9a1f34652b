/**
 * One-time codes: RFC 4226 (HOTP) and, by the time, RFC 6238 (TOTP), as every authenticator app has them: HMAC of
 * SHA-1, six digits, a step of 30 seconds.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const DIGITS = 6;
/** Seconds. */
export const STEP_S = 30;
/** Steps before and after the present one whose codes are taken: RFC 6238 section 5.2 asks for one at most. */
const STEPS_ASIDE = 1;

export interface CodeForm {
  /** 6 to 8. */
  digits: number;
  hash: 'sha1' | 'sha256' | 'sha512';
}

const FORM: CodeForm = { digits: DIGITS, hash: 'sha1' };

/** RFC 4226 section 5.3. @param counter at least 0: for a code by the time, the step */
export function codeAt(
  secret: Uint8Array,
  counter: number,
  { digits, hash }: CodeForm = FORM,
): string {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac(hash, secret).update(message).digest();
  const offset = mac.readUInt8(mac.length - 1) & 15;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/** RFC 6238 section 4.2. @param seconds since 1970 */
export const stepAt = (seconds: number): number => Math.floor(seconds / STEP_S);

/**
 * The steps around the present one that the code is right for, the earliest first. All are compared, whichever is
 * right.
 *
 * @param code as the client sent it
 */
export function matchingSteps(secret: Uint8Array, code: string, present: number): number[] {
  const given = Buffer.from(code);
  const steps: number[] = [];
  for (let step = present - STEPS_ASIDE; step <= present + STEPS_ASIDE; step += 1) {
    if (step < 0) continue;
    const right = Buffer.from(codeAt(secret, step));
    if (given.length === right.length && timingSafeEqual(given, right)) steps.push(step);
  }
  return steps;
}

/** Spaces, which apps show in the middle of a code. */
export const plainCode = (answer: string): string => answer.replaceAll(/\s/g, '');
