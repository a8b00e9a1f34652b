/**
 * What a user proves with, beside the password. Auth's own are in factor/; `compose` takes more.
 *
 * Invariant: what a factor says of a login can stand in every token (packages/verify, claims-form.ts).
 */
import type { RequestContext } from '@portcullis/api';
import type { UserId } from '@portcullis/contracts';
import type { LoginDemand } from '../session/recent-login.ts';

export type AnsweringRequest = Pick<RequestContext, 'requestId' | 'address'>;

export interface Factor {
  /** What clients call it: `totp`, say. At most 32 small letters, digits and hyphens. */
  readonly method: string;
  /** What tokens say of it (RFC 8176): at most 7 words of at most 16 characters. */
  readonly amr: readonly string[];
  /**
   * The class of a login by the password and this (RFC 9068 section 2.2.1), at most 128 printable
   * characters of ASCII without a space, `"` and `\`; undefined: tokens name none.
   */
  readonly acr?: string | undefined;
  /** Whether the account has it, and has to use it. @throws for a fault of the infrastructure */
  isEnrolled(user: UserId): Promise<boolean>;
  /**
   * Whether the answer is right. No lock is held. What may be used once it uses up by itself, over all
   * instances: a right answer that comes twice at once is asked about twice.
   *
   * Auth bounds wrong answers by challenge, by network and by user: 20 a day from networks in which the user has no
   * session, and as many from each in which there is one (limits/answers.ts). While Redis is unavailable each instance
   * allows 10 of its own.
   *
   * @param answer as the client sent it, at most 8,192 characters
   * @param request that brought the answer, for what is audited
   * @throws for a fault of the infrastructure, and for nothing that is the client's
   */
  check(user: UserId, answer: string, request: AnsweringRequest): Promise<boolean>;
}

export interface Factors {
  /** Those that the account has to use one of; none: the password is enough. */
  enrolledBy(user: UserId): Promise<readonly Factor[]>;
  named(method: string): Factor | undefined;
}

/** What the password is called in tokens. */
export const PASSWORD_AMR = 'pwd';

const METHOD = /^[a-z0-9][a-z0-9-]{0,31}$/;
const MAX_AMR_LENGTH = 16;
const MAX_AMR = 7;
/** NQCHAR of RFC 6749 section 3.3: it stands in challenges in quotes, beside others (RFC 9470 section 3). */
const ACR = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;

/** @throws TypeError for a factor that no token could name, and for two of one name */
export function createFactors(factors: readonly Factor[]): Factors {
  const byMethod = new Map<string, Factor>();
  for (const factor of factors) {
    demandNamable(factor);
    if (byMethod.has(factor.method)) throw new TypeError(`two factors are called ${factor.method}`);
    byMethod.set(factor.method, factor);
  }
  return {
    async enrolledBy(user) {
      const enrolled = await Promise.all(factors.map((factor) => factor.isEnrolled(user)));
      return factors.filter((_, index) => enrolled[index] === true);
    },
    named: (method) => byMethod.get(method),
  };
}

function demandNamable({ method, amr, acr }: Factor): void {
  if (!METHOD.test(method)) throw new TypeError('a factor has a name that no client could use');
  const isWord = (word: string) =>
    word.length >= 1 && word.length <= MAX_AMR_LENGTH && word !== PASSWORD_AMR;
  if (amr.length === 0 || amr.length > MAX_AMR || !amr.every(isWord)) {
    throw new TypeError(`the factor ${method} has an amr that no token could hold`);
  }
  if (acr !== undefined && !ACR.test(acr)) {
    throw new TypeError(`the factor ${method} has an acr that no token or challenge could hold`);
  }
}

/**
 * What a login has to have been for the account to change what it logs in with: one by a factor, where it
 * has any. A session of before the enrolment is not enough.
 */
export async function loginDemandOf(factors: Factors, user: UserId): Promise<LoginDemand> {
  const enrolled = await factors.enrolledBy(user);
  if (enrolled.length === 0) return {};
  const acrOfAmr = [...new Set(enrolled.flatMap(({ acr }) => acr ?? []))];
  return { amr: enrolled.flatMap(({ amr }) => amr), acrOfAmr };
}
