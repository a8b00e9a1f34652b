/**
 * What roles carry, signed for verifiers; grants carry it.
 *
 * It is signed by the oldest key that is published: a verifier that has fetched any set since that key came has it,
 * so that none has to fetch another one for this.
 */
import {
  MAX_ACCESS_DOCUMENT_SECONDS,
  type AccessConfig,
  type GrantedAccess,
} from '@portcullis/contracts';
import type { SignToken } from './sign-token.ts';

/** Signed anew before a verifier that has just started would find it too old. Milliseconds. */
const SIGNED_FOR_MS = (MAX_ACCESS_DOCUMENT_SECONDS * 1_000) / 4;

export interface AccessSigner {
  readonly kid: string;
  /** Signs such documents, and nothing else. */
  readonly sign: SignToken;
}

interface Signed {
  readonly granted: GrantedAccess;
  readonly kid: string;
  /** By the monotonic clock of this process. */
  readonly at: number;
}

export class SignedAccess {
  readonly #issuer: string;
  #signed: Signed | undefined;

  constructor(issuer: string) {
    this.#issuer = issuer;
  }

  /** @returns undefined before the first one was read */
  get granted(): GrantedAccess | undefined {
    return this.#signed?.granted;
  }

  /**
   * Signs what is not signed yet: once for each number, each key and each quarter of a day, and not for each grant.
   *
   * @param seconds since the epoch by the database's clock
   */
  async update(
    { number, permissions, roles }: AccessConfig,
    { kid, sign }: AccessSigner,
    seconds: () => Promise<number>,
  ): Promise<void> {
    const at = performance.now();
    const before = this.#signed;
    const holds = before?.granted.number === number && before.kid === kid;
    if (holds && at - before.at < SIGNED_FOR_MS) return;
    if (number === 0) {
      this.#signed = { granted: { number }, kid, at };
      return;
    }
    const iat = await seconds();
    const exp = iat + MAX_ACCESS_DOCUMENT_SECONDS;
    const document = await sign({ iss: this.#issuer, iat, exp, number, permissions, roles });
    this.#signed = { granted: { number, document }, kid, at };
  }
}
