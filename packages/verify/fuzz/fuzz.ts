/**
 * Gives the verifier tokens by the million, and holds it to one rule: each token that it accepts, jose
 * accepts too, and so does the strict grammar; and what the grammar accepts, it accepts. Nothing but a
 * Refusal is ever thrown, and nothing is kept.
 */
import { Refusal } from '@portcullis/contracts';
import { jwtVerify, type CryptoKey, type KeyObject, type ProtectedHeaderParameters } from 'jose';
import { createVerifier, type Verifier } from '../src/index.ts';
import { grammarToken } from './grammar-tokens.ts';
import { measureHeap } from './heap.ts';
import { mutatedToken, type Good } from './mutated-tokens.ts';
import { Random } from './random.ts';
import type { Signer } from './signer.ts';
import { whenInOrder, type Rules } from './strict-grammar.ts';
import { readWithout, type Rule, type Surroundings } from './without.ts';

export interface FuzzOptions {
  seed: number;
  /** Mutated ones. */
  tokens: number;
  grammar: number;
  /** A rule that the verifier does without, to see that it is missed. */
  without?: Rule | undefined;
  /** Ends after so many findings; ten unless given. */
  findings?: number;
}

export interface Finding {
  what: string;
  /** Of this run: mutated ones first. */
  at: number;
  token: string;
}

export interface FuzzOutcome {
  tokens: number;
  accepted: number;
  refused: number;
  findings: Finding[];
  /** How much more of the heap was in use at the end than after a tenth of the tokens. */
  grownBytes: number;
}

/** Tokens that mutations begin from; they are made anew from time to time, since they expire. */
const GOOD_TOKENS = 48;
const RENEWED_AFTER = 20_000;
/** Between two turns of the event loop, in which grants are renewed. */
const TURN = 500;
const SKEW_SECONDS = 5;
/** The grammar checks times this much before and after; what differs is not counted as a fault. */
const UNSURE_SECONDS = 3;
const MAX_LIFE_SECONDS = 3_600;

/** @param signer whose tokens it gives; for several runs one will do */
export async function fuzz(options: FuzzOptions, signer: Signer): Promise<FuzzOutcome> {
  const { issuer, audience, revocations } = signer.issuer;
  // A small cache, so that what it rightly keeps is no growth.
  const limits = { maxTokenLifeSeconds: MAX_LIFE_SECONDS, maxCachedTokens: 64 };
  const feed = revocations.feed();
  await using verifier = await createVerifier({
    issuer,
    audience,
    service: 'fuzz',
    feed,
    ...limits,
  });
  await verifier.ready();
  return await new Run(options, signer, verifier).whole();
}

class Run {
  readonly #options: FuzzOptions;
  readonly #random: Random;
  readonly #signer: Signer;
  readonly #verifier: Verifier;
  readonly #rules: Rules;
  readonly #findings: Finding[] = [];
  readonly #around: Surroundings;
  #good: Good[] = [];
  #accepted = 0;

  constructor(options: FuzzOptions, signer: Signer, verifier: Verifier) {
    const { issuer, audience } = signer.issuer;
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#signer = signer;
    this.#verifier = verifier;
    const { keys } = signer;
    this.#rules = {
      issuer,
      audience,
      keys,
      maxLifeSeconds: MAX_LIFE_SECONDS,
      skewSeconds: SKEW_SECONDS,
    };
    const expected = { issuer, audience, maxTokenLifeSeconds: MAX_LIFE_SECONDS };
    this.#around = { expected, keys, now };
  }

  async whole(): Promise<FuzzOutcome> {
    const { tokens, grammar, findings: enough = 10 } = this.#options;
    const all = tokens + grammar;
    let before = 0;
    let at = 0;
    for (; at < all && this.#findings.length < enough; at += 1) {
      if (at === Math.floor(all / 10)) before = measureHeap();
      if (at % RENEWED_AFTER === 0) this.#renewGood();
      if (at % TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      await this.#try(at, at < tokens ? this.#mutated() : this.#generated());
    }
    return {
      tokens: at,
      accepted: this.#accepted,
      refused: at - this.#accepted,
      findings: this.#findings,
      grownBytes: before === 0 ? 0 : measureHeap() - before,
    };
  }

  #generated(): string {
    return grammarToken(this.#random, this.#signer, { now: now() });
  }

  #mutated(): string {
    return mutatedToken(this.#random, this.#signer, this.#random.pick(this.#good));
  }

  #renewGood(): void {
    this.#good = [];
    while (this.#good.length < GOOD_TOKENS) {
      const token = this.#generated();
      const [header = ''] = token.split('.');
      const text = Buffer.from(header, 'base64url').toString();
      const kid = this.#signer.kids.find((one) => text.includes(one));
      if (kid !== undefined && whenInOrder(token, this.#rules) !== undefined) {
        this.#good.push({ token, kid });
      }
    }
  }

  async #try(at: number, token: string): Promise<void> {
    const verdict = await this.#verdict(token);
    if (verdict === 'accepted') this.#accepted += 1;
    else if (verdict !== 'refused') this.#found(`threw ${verdict}`, at, token);
    const span = whenInOrder(token, this.#rules);
    const isIn = (margin: number) =>
      span !== undefined && span.from + margin <= now() && now() < span.until - margin;
    if (verdict === 'accepted' && !isIn(-UNSURE_SECONDS)) {
      this.#found('accepted what the grammar refuses', at, token);
    } else if (verdict !== 'accepted' && isIn(UNSURE_SECONDS)) {
      this.#found('refused what the grammar accepts', at, token);
    }
    if (verdict === 'accepted' && !(await this.#joseAccepts(token))) {
      this.#found('accepted what jose refuses', at, token);
    }
  }

  async #verdict(token: string): Promise<string> {
    try {
      await this.#verifier.verifyMaybeSync(token);
      return 'accepted';
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'invalid_token') return String(error);
    }
    const { without } = this.#options;
    if (without === undefined) return 'refused';
    try {
      readWithout(without, token, this.#around);
      return 'accepted';
    } catch {
      return 'refused';
    }
  }

  async #joseAccepts(token: string): Promise<boolean> {
    const { issuer, audience } = this.#signer.issuer;
    const key = ({ kid = '', alg }: ProtectedHeaderParameters): KeyObject | CryptoKey => {
      const known = this.#signer.keys.get(kid);
      if (known === undefined || known.alg !== alg) throw new Error('no such key');
      return known.key;
    };
    try {
      await jwtVerify(token, key, {
        issuer,
        audience,
        typ: 'at+jwt',
        clockTolerance: SKEW_SECONDS,
        requiredClaims: ['exp', 'iat', 'sub', 'jti', 'client_id', 'gen', 'cgen', 'igen'],
        maxTokenAge: MAX_LIFE_SECONDS,
      });
      return true;
    } catch {
      return false;
    }
  }

  #found(what: string, at: number, token: string): void {
    this.#findings.push({ what, at, token });
  }
}

/** Seconds since the epoch. */
function now(): number {
  return Math.floor(Date.now() / 1_000);
}
