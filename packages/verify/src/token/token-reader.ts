/**
 * Form, claims, key and signature: what does not change while a token lives, and is done once for
 * each. Everything that costs little comes before the signature, so that what cannot be ours is
 * neither verified nor a reason to ask the issuer for keys.
 *
 * Invariant: what is returned was signed by a key that is known at this very moment, cached or not.
 */
import type { AccessTokenClaims } from '@portcullis/contracts';
import type { VerificationKey } from '../jws/verification-key.ts';
import { OtherAudience, readClaims, type Expectations } from './claims.ts';
import { frozen } from './frozen-claims.ts';
import { MAX_TOKEN_LENGTH, parseForThisTurn, type ParsedToken } from './parse.ts';
import { signatureHolds } from '../jws/signature.ts';
import { invalidToken, TokenFault } from './token-fault.ts';
import { NEVER, VerifiedTokens, type VerifiedToken } from './verified-tokens.ts';

/** The keys that tokens are verified with, as `keys/jwks.ts` has them. */
export interface IssuerKeys {
  known(kid: string): VerificationKey | undefined;
  isKilled(kid: string): boolean;
  /** Waits for a key that is not known. @throws Refusal `unavailable` when it cannot be asked for */
  seek(kid: string): Promise<void>;
  refresh(): Promise<void>;
}

export interface TokenReaderOptions {
  keys: IssuerKeys;
  expected: Expectations;
  /** Tokens that are remembered. */
  maxCached: number;
  /** Milliseconds since the epoch. */
  issuerNow: () => number;
  /** A token of this issuer is for others, and none was for this verifier yet. Called once. */
  onOtherAudience: (audience: string | readonly string[]) => void;
  /** The first one for this verifier, after that. */
  onRightAudience: () => void;
}

export class TokenReader {
  readonly #keys: IssuerKeys;
  readonly #expected: Expectations;
  readonly #issuerNow: () => number;
  readonly #seen: VerifiedTokens;
  readonly #options: Pick<TokenReaderOptions, 'onOtherAudience' | 'onRightAudience'>;
  /** For whom tokens with a good signature were, up to the first one for this verifier. */
  #meant: 'unknown' | 'others' | 'here' = 'unknown';

  constructor({ keys, expected, maxCached, issuerNow, ...listeners }: TokenReaderOptions) {
    this.#options = listeners;
    this.#keys = keys;
    this.#expected = expected;
    this.#issuerNow = issuerNow;
    this.#seen = new VerifiedTokens(maxCached);
  }

  /** Tokens that are remembered. */
  get cached(): number {
    return this.#seen.size;
  }

  /**
   * @returns undefined when it names a key that is not known: `seekKey`, and read it again
   * @throws Refusal `invalid_token`, with the reason as its private cause
   */
  read(token: string): VerifiedToken | undefined {
    if (typeof token !== 'string')
      throw invalidToken(new TokenFault('token_malformed', 'not text'));
    const seen = this.#seen.find(token);
    if (seen === undefined) return this.#verify(token);
    if (this.#keys.known(seen.key.kid) === seen.key) return seen;
    this.#seen.remove(token);
    return this.#verify(token);
  }

  /**
   * Waits for the key of a token: the only wait that reading a token can take. The key is read
   * afterwards, in one turn with the check.
   *
   * @throws Refusal `invalid_token`; `unavailable` when the issuer could not be asked for the key
   */
  async seekKey(token: string): Promise<void> {
    await this.#keys.seek(this.#parse(token).parsed.kid);
  }

  /** @throws Refusal `invalid_token`, also when the key is not known */
  demand(token: string): VerifiedToken {
    const read = this.read(token);
    if (read === undefined) {
      throw invalidToken(new TokenFault('key_unknown', 'an unknown key'));
    }
    return read;
  }

  #verify(token: string): VerifiedToken | undefined {
    const { parsed, claims } = this.#parse(token);
    const key = this.#keys.known(parsed.kid);
    if (key === undefined) {
      if (this.#keys.isKilled(parsed.kid)) {
        // An issuer that goes on signing with it has lost the kill: its set shows that.
        void this.#keys.refresh();
        throw invalidToken(new TokenFault('key_killed', 'a killed key'));
      }
      return undefined;
    }
    if (!signatureHolds(parsed, key)) {
      throw invalidToken(new TokenFault('signature_wrong', 'the signature does not hold'));
    }
    if (this.#meant !== 'here') this.#areForHere();
    const verified = { token: copied(token), claims: frozen(claims), key, judgedAt: NEVER };
    this.#seen.add(verified, this.#issuerNow());
    return verified;
  }

  #parse(token: string): { parsed: ParsedToken; claims: AccessTokenClaims } {
    let parsed: ParsedToken | undefined;
    try {
      parsed = parseForThisTurn(token);
      return { parsed, claims: readClaims(parsed.payload, this.#expected) };
    } catch (cause) {
      if (parsed !== undefined && cause instanceof OtherAudience) this.#areForOthers(parsed, cause);
      throw invalidToken(cause);
    }
  }

  /** A token without a good signature says nothing of how the verifier is set up. */
  #areForOthers(parsed: ParsedToken, { audience }: OtherAudience): void {
    if (this.#meant !== 'unknown') return;
    const key = this.#keys.known(parsed.kid);
    if (key === undefined || !signatureHolds(parsed, key)) return;
    this.#meant = 'others';
    this.#options.onOtherAudience(audience);
  }

  #areForHere(): void {
    if (this.#meant === 'others') this.#options.onRightAudience();
    this.#meant = 'here';
  }
}

/** Holds a token while it is copied, in the same turn. */
const bytes = Buffer.allocUnsafeSlow(MAX_TOKEN_LENGTH);

/** A token is ASCII. A slice of a header would keep all of the header alive, which may be 16 kB. */
function copied(token: string): string {
  return bytes.toString('latin1', 0, bytes.write(token, 'latin1'));
}
