/**
 * What a question says beside what every issuer takes: which kinds of revocations are read, and which mapping of roles
 * is enforced.
 *
 * Invariant: it is said only after an answer has shown that it is taken, and only while the issuer does not know it: an
 * issuer of the release before drops a question with a member that it does not know, and may be asked next.
 */
import { REVOCATION_KIND_NAMES, type Grant, type GrantRequest } from '@portcullis/contracts';

export type Said = Pick<GrantRequest, 'kinds' | 'access'>;

export class IssuerTakes {
  readonly #accessNumber: () => number;
  #kindsUnknown = false;
  #takesAccess = false;
  /** The last answer has shown that it is not known which mapping is enforced. */
  #accessUnknown = false;
  /** The number of the last question with one that was answered. */
  #heard: number | undefined;

  /** @param accessNumber of the mapping of roles that this verifier enforces; 0 for none */
  constructor(accessNumber: () => number) {
    this.#accessNumber = accessNumber;
  }

  /** As the issuer has said last. One of before says nothing. */
  learn({ kinds_unknown, access }: Grant, said: Said): void {
    this.#kindsUnknown = kinds_unknown === true;
    this.#takesAccess = access !== undefined;
    this.#accessUnknown = access?.document !== undefined;
    if (said.access !== undefined) this.#heard = said.access;
  }

  /** There was no answer: another instance of the issuer may be asked next. */
  notAnswered(): void {
    this.#kindsUnknown = false;
    this.#takesAccess = false;
  }

  /** Another incarnation, of which the issuer knows nothing. */
  reset(): void {
    this.notAnswered();
    this.#heard = undefined;
  }

  say(): Said {
    const access = this.#accessNumber();
    const saysAccess = this.#takesAccess && (this.#accessUnknown || access !== this.#heard);
    return {
      ...(this.#kindsUnknown ? { kinds: REVOCATION_KIND_NAMES } : {}),
      ...(saysAccess ? { access } : {}),
    };
  }

  /** Whether there is something to say at once, which the last question did not: receipts wait for it. */
  hasMoreThan({ kinds }: Said): boolean {
    if (this.#kindsUnknown && kinds === undefined) return true;
    return this.#takesAccess && this.#accessNumber() !== this.#heard;
  }
}
