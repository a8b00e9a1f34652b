/**
 * Why a verifier accepts nothing. A wrong address, user, permission, secret, issuer or audience looks
 * like an outage from inside, and would be waited for without an end and without a word.
 *
 *   WATCHING ── a look that finds nothing, or close() ──▶ OVER
 *
 * Invariants: the first look is 3 s after the start, and others follow every 5 s while there is
 * something to report. With each look, the last one too, the issuer is asked for its name until it is
 * the one that is expected: it may be set right, and a proxy in front of it may answer 404 while it is
 * unavailable. Each text is reported once, and 16 at most. It reports, and decides about no token.
 */
import type { Clock, Timer } from '../clock.ts';
import type { Fetch } from '../keys/fetch-key-set.ts';
import { issuerFromMetadata } from './issuer-metadata.ts';
import { reasonOf } from '../wire/reason-of.ts';
import { causeOf } from './problems.ts';
import type { ProblemListener, VerifierProblem } from './problem.ts';

/** Operators get the report within five seconds. */
const FIRST_LOOK_MS = 3_000;
const LOOK_MS = 5_000;
const MAX_TEXTS = 16;

export interface SetUpOptions {
  issuer: string;
  audience: string;
  clock: Pick<Clock, 'after'>;
  fetch: Fetch;
  /** What stands in the way of grants and keys at this moment. */
  look: () => VerifierProblem[];
  tell: ProblemListener;
}

export class SetUp {
  readonly #options: SetUpOptions;
  readonly #reported = new Set<string>();
  #asked: Promise<void> | undefined;
  #named = false;
  #issuer: VerifierProblem | undefined;
  #audience: VerifierProblem | undefined;
  #timer: Timer | undefined;
  readonly #over = new AbortController();

  constructor(options: SetUpOptions) {
    this.#options = options;
  }

  start(): void {
    void this.compareIssuer();
    this.#lookAfter(FIRST_LOOK_MS);
  }

  close(): void {
    this.#over.abort();
    this.#timer?.cancel();
  }

  problems(): VerifierProblem[] {
    const own = [this.#issuer, this.#audience].filter((problem) => problem !== undefined);
    return [...own, ...this.#options.look()];
  }

  /**
   * Until it answers the expected name. Never throws: an issuer that cannot be asked shows in its keys.
   */
  async compareIssuer(): Promise<void> {
    if (this.#named || this.#over.signal.aborted) return;
    this.#asked ??= this.#compare().finally(() => {
      this.#asked = undefined;
    });
    await this.#asked;
  }

  /** Tokens with a good signature are for others, and there was none for this verifier yet. */
  otherAudience(audience: string | readonly string[]): void {
    const names = [audience].flat().join(', ');
    const reason = `so far the issuer's tokens are for ${names}, and this verifier expects ${this.#options.audience}: unless others come, set the option audience to what auth has as its audience`;
    this.#audience = { of: 'audience', reason };
    this.#tell(this.#audience);
  }

  /** There is one now. */
  rightAudience(): void {
    this.#audience = undefined;
  }

  /** For verifiers whose policy is to ask auth, which learn of it by a refusal alone. */
  notIntrospected(error: unknown): void {
    const reason = `auth could not be asked about a token: ${reasonOf(error)}`;
    this.#tell({ of: 'introspection', reason });
  }

  async #compare(): Promise<void> {
    const { issuer, fetch } = this.#options;
    let name: string | undefined;
    try {
      name = await issuerFromMetadata(issuer, fetch, this.#over.signal);
    } catch {
      return;
    }
    if (name === undefined || this.#over.signal.aborted) return;
    this.#named = name === issuer;
    this.#issuer = undefined;
    if (this.#named) return;
    const reason = `the issuer at ${issuer} calls itself ${name}, and so do its tokens: set the option issuer to exactly that`;
    this.#issuer = { of: 'issuer', reason };
    this.#tell(this.#issuer);
    // It may be the issuer that is set right, and no look may be due any more.
    if (this.#timer === undefined) this.#lookAfter(LOOK_MS);
  }

  #lookAfter(milliseconds: number): void {
    if (this.#over.signal.aborted) return;
    this.#timer = this.#options.clock.after(milliseconds, () => {
      this.#timer = undefined;
      const problems = this.#options.look();
      for (const problem of problems) this.#tell(problem);
      // At the last look too: it may have come since the one before.
      void this.compareIssuer();
      if (problems.length > 0 || this.#issuer !== undefined) this.#lookAfter(LOOK_MS);
    });
  }

  #tell(problem: VerifierProblem): void {
    const cause = causeOf(problem);
    const isOver = this.#over.signal.aborted || this.#reported.size >= MAX_TEXTS;
    if (isOver || this.#reported.has(cause)) return;
    this.#reported.add(cause);
    this.#options.tell(problem);
  }
}
