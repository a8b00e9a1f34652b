/**
 * Access tokens by the thousand, as bytes outside the heap, so that only what remembers them is
 * measured.
 *
 * The strings that are made of them are new ones each time, as those from a request's header are: their
 * hash is not computed yet, and they are the same as no other by their address.
 */
import type { TestIssuer } from '@portcullis/testkit';

const AT_ONCE = 500;
/** Longer than the whole run, within the verifier's cap. */
const LIFE_SECONDS = 3_500;

export class IssuedTokens {
  readonly #bytes: Buffer;
  /** Where each begins, and where the last one ends. */
  readonly #starts: number[];

  constructor(tokens: readonly string[]) {
    this.#bytes = Buffer.from(tokens.join(''), 'latin1');
    this.#starts = [0];
    let end = 0;
    for (const token of tokens) this.#starts.push((end += token.length));
  }

  get count(): number {
    return this.#starts.length - 1;
  }

  /** Characters of a token, on average. */
  get length(): number {
    return this.#bytes.length / this.count;
  }

  at(index: number): string {
    return this.#bytes.toString('latin1', this.#starts[index], this.#starts[index + 1]);
  }

  range(from: number, count: number): string[] {
    return Array.from({ length: count }, (_, i) => this.at(from + i));
  }

  /** So many of them by chance, some more than once. */
  some(count: number): string[] {
    return Array.from({ length: count }, () => this.at(Math.floor(Math.random() * this.count)));
  }
}

/** Tokens of as many users. @param audiences named beside the issuer's own, which makes them long */
export async function issueTokens(
  issuer: TestIssuer,
  count: number,
  audiences: readonly string[] = [],
): Promise<IssuedTokens> {
  const tokens: string[] = [];
  const exp = Math.floor(Date.now() / 1_000) + LIFE_SECONDS;
  const aud = audiences.length === 0 ? issuer.audience : [issuer.audience, ...audiences];
  while (tokens.length < count) {
    const length = Math.min(AT_ONCE, count - tokens.length);
    tokens.push(...(await Promise.all(Array.from({ length }, () => issuer.mint({ exp, aud })))));
  }
  return new IssuedTokens(tokens);
}
