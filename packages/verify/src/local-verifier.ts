/**
 * Puts the parts together: form → claims → key → signature → freshness, expiry and revocation.
 *
 * Invariants: what does not change while a token lives may be remembered (`VerifiedTokens`); the rest is
 * read at one moment, after the last wait. Nothing is kept of a proof whose token does not hold.
 */
import {
  Refusal,
  type AccessTokenClaims,
  type RevocationEvent,
  type StalenessPolicy,
} from '@portcullis/contracts';
import { SignedAccess } from './access/signed-access.ts';
import { systemClock, type Clock } from './clock.ts';
import type { ExplainedBy } from './explain/explain.ts';
import type { Explanation } from './explain/explanation.ts';
import {
  Jwks,
  type KilledKeysListener,
  type KeySetListener,
  type KeySetStatus,
} from './keys/jwks.ts';
import { callListener, Listeners } from './listeners.ts';
import { BoundTokens } from './proof/bound-tokens.ts';
import { listenerOf, RefusalCounts } from './refusals/refusal-counts.ts';
import { unavailable } from './refusals/unavailable.ts';
import { Ledger } from './revocation/ledger.ts';
import { loadWatchers } from './revocation/load-watchers.ts';
import { isNotFresh, notFresh } from './revocation/not-fresh.ts';
import { Replica } from './revocation/replica.ts';
import type { ReplicaState } from './revocation/replica-states.ts';
import type { Watchers } from './revocation/watchers.ts';
import { awaitReady } from './set-up/await-ready.ts';
import { problemsOf, warnOf } from './set-up/problems.ts';
import { RunningReports } from './set-up/running-reports.ts';
import { SetUp } from './set-up/set-up.ts';
import type { ProblemListener, VerifierProblem } from './set-up/problem.ts';
import type { StaleAdmission } from './stale/stale-admission.ts';
import { TokenReader } from './token/token-reader.ts';
import type { VerifiedToken } from './token/verified-tokens.ts';
import type {
  AppliedListener,
  Assurance,
  TransitionListener,
  Verified,
  Verifier,
  VerifierOptions,
  VerifierStats,
  VerifyOptions,
  Watched,
} from './verifier.ts';

const DEFAULT_MAX_LIFE_S = 3_600;
const DEFAULT_CACHED_TOKENS = 50_000;

export class LocalVerifier implements Verifier<string, string> {
  readonly #keys: Jwks;
  readonly access: SignedAccess;
  readonly #reader: TokenReader;
  readonly #ledger = new Ledger();
  readonly #replica: Replica;
  /** None before the first token that is held open: what does that is loaded with it. */
  #watchers: Watchers | undefined;
  readonly #bound = new BoundTokens(() => this.#replica.issuerNow());
  readonly #policy: StalenessPolicy;
  /** None where no policy was given: it is `reject`. */
  readonly #stale: StaleAdmission | undefined;
  readonly #parts: ExplainedBy & { clock: Clock };
  readonly #setUp: SetUp;
  readonly #reports: RunningReports;
  readonly #applied = new Listeners<Parameters<AppliedListener>>();
  readonly #transitions = new Listeners<Parameters<TransitionListener>>();
  readonly #keySets = new Listeners<Parameters<KeySetListener>>();
  readonly #killedKeys = new Listeners<Parameters<KilledKeysListener>>();
  readonly #refusals: RefusalCounts;
  readonly #counts = { accepted: 0, refused: 0, introspected: 0, acceptedStale: 0 };

  /** @param Stale undefined where no policy was given */
  constructor(options: VerifierOptions, Stale: typeof StaleAdmission | undefined) {
    const { issuer, audience, service, feed, clock = systemClock } = options;
    const { maxTokenLifeSeconds = DEFAULT_MAX_LIFE_S, whenStale = { policy: 'reject' } } = options;
    const jwksUrl = options.jwksUrl ?? `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`;
    this.#refusals = new RefusalCounts(listenerOf(options), clock);
    this.#keys = this.#createKeys(jwksUrl, options);
    const issuerNow = () => this.#replica.issuerNow();
    // What is watched was opened by what roles carried: another check lets in whom they still do.
    const onChange = (): void => this.#watchers?.abortAll(unavailable());
    const askSoon = (): void => this.#replica.askSoon();
    this.access = new SignedAccess({
      issuer,
      issuerNow,
      keys: this.#keys,
      onChange,
      askSoon,
      onUndeclared: (permission, declared) => this.#reports.undeclared(permission, declared),
    });
    const expected = { issuer, audience, maxTokenLifeSeconds };
    this.#reader = new TokenReader({
      keys: this.#keys,
      expected,
      maxCached: options.maxCachedTokens ?? DEFAULT_CACHED_TOKENS,
      issuerNow,
      onOtherAudience: (other) => this.#setUp.otherAudience(other),
      onRightAudience: () => this.#setUp.rightAudience(),
    });
    this.#policy = whenStale.policy;
    this.#replica = new Replica({
      service,
      policy: this.#policy,
      feed,
      ledger: this.#ledger,
      clock,
      onTransition: (to, from) => this.#moved(to, from),
      onEvent: (event) => this.#onEvent(event),
      onMalformed: (kind, length) => callListener(() => options.onMalformed?.(kind, length)),
      onApplied: this.#applied.tell,
      onMerged: () => {
        for (const kid of this.#ledger.killedKeys) this.#kill(kid);
        this.#watchers?.judgeAll();
      },
      onKeys: (vouches) => this.#keys.learn(vouches),
      onAccess: (granted, askedAt) => this.access.learn(granted, askedAt),
      accessNumber: () => this.access.number,
      onOtherLog: () => {
        this.access.forget();
        this.#keys.forget();
      },
    });
    const look = () => problemsOf(this.#replica, this.#keys, { jwksUrl, feed });
    const tell: ProblemListener = (problem) =>
      callListener(() => (options.onProblem ?? warnOf)(problem));
    this.#setUp = new SetUp({ ...expected, clock, fetch: options.fetch ?? fetch, look, tell });
    this.#reports = new RunningReports({ service, policy: this.#policy, clock, look, tell });
    const parts = { clock, keys: this.#keys, ledger: this.#ledger, replica: this.#replica };
    const onNotIntrospected = (error: unknown) => this.#setUp.notIntrospected(error);
    this.#stale = Stale && new Stale({ whenStale, ...parts, onNotIntrospected });
    this.#parts = { expected, policy: this.#policy, ...parts };
  }

  #createKeys(url: string, { issuer, clock = systemClock, ...options }: VerifierOptions): Jwks {
    return new Jwks({
      url,
      issuer,
      clock,
      fetch: options.fetch ?? fetch,
      issuerNow: () => this.#replica.issuerNow(),
      onChange: this.#keySets.tell,
      onKilled: this.#killedKeys.tell,
      // What the set would say, a grant may say as well.
      onFailure: () => this.#replica.askSoon(),
      onFetched: () => this.access.retry(),
      // Another check may find them in the key set.
      onGone: (kids) => this.#watchers?.abortSignedBy(kids, unavailable()),
    });
  }

  async start(): Promise<void> {
    this.#setUp.start();
    await Promise.all([this.#replica.start(), this.#keys.refresh()]);
  }

  get issuerNowMs(): number {
    return this.#replica.issuerNow();
  }

  get state(): ReplicaState {
    return this.#replica.state;
  }

  get freshnessLeftMs(): number {
    return this.#replica.freshnessLeftMs;
  }

  get keySet(): KeySetStatus {
    return this.#keys.status;
  }

  async verify(token: string, options?: VerifyOptions): Promise<AccessTokenClaims> {
    return this.verifyMaybeSync(token, options);
  }

  verifyMaybeSync(
    token: string,
    options?: VerifyOptions,
  ): AccessTokenClaims | Promise<AccessTokenClaims> {
    try {
      const read = this.#reader.read(token);
      if (read !== undefined) {
        this.#replica.admit(read.claims, read.key.kid, read);
        this.#bound.check(token, read.claims, options?.possession);
        this.#counts.accepted += 1;
        return read.claims;
      }
    } catch (error) {
      if (!this.#mayChange(error, options?.whenStale)) {
        this.#count(error);
        throw error;
      }
    }
    return this.verifyWithAssurance(token, options).then(({ claims }) => claims);
  }

  async verifyWithAssurance(token: string, options: VerifyOptions = {}): Promise<Verified> {
    try {
      if (options.possession !== undefined) await this.#bound.load();
      let read = this.#reader.read(token);
      if (read === undefined) {
        await this.#reader.seekKey(token);
        read = this.#reader.demand(token);
      }
      const assurance = await this.#admit(read, options);
      this.#bound.check(token, read.claims, options.possession);
      this.#counts.accepted += 1;
      if (assurance === 'none') this.#counts.acceptedStale += 1;
      if (assurance === 'introspected') this.#counts.introspected += 1;
      return { claims: read.claims, assurance };
    } catch (error) {
      this.#count(error);
      throw error;
    }
  }

  async watch(
    token: string,
    { possession }: Pick<VerifyOptions, 'possession'> = {},
  ): Promise<Watched> {
    let release: (() => void) | undefined;
    try {
      const watchers = this.#watchers ?? (await this.#loadWatchers());
      if (possession !== undefined) await this.#bound.load();
      let read = this.#reader.read(token);
      if (read === undefined) {
        await this.#reader.seekKey(token);
        read = this.#reader.demand(token);
      }
      const { claims, key } = read;
      const watched = watchers.add(claims, key.kid);
      ({ release } = watched);
      this.#replica.admit(claims, key.kid);
      this.#bound.check(token, claims, possession);
      this.#counts.accepted += 1;
      return { claims, signal: watched.signal, [Symbol.dispose]: watched.release };
    } catch (error) {
      release?.();
      this.#count(error);
      throw error;
    }
  }

  async explain(token: string): Promise<Explanation> {
    // Loaded when it is asked for: its texts are a seventh of a verifier.
    const { explain } = await import('./explain/explain.ts');
    return await explain(token, this.#parts);
  }

  noteRefusal(refusal: Refusal): void {
    this.#refusals.note(refusal);
  }

  problems(): VerifierProblem[] {
    return this.#setUp.problems();
  }

  async ready(signal?: AbortSignal): Promise<void> {
    const setUp = this.#setUp;
    await awaitReady({ replica: this.#replica, keys: this.#keys, setUp }, signal);
  }

  stats(): VerifierStats {
    const { cached } = this.#reader;
    const reasons = this.#refusals.totals;
    const watched = this.#watchers?.size ?? 0;
    return { ...this.#replica.stats, ...this.#counts, reasons, watched, cached };
  }

  onApplied(listener: AppliedListener): () => void {
    return this.#applied.add(listener);
  }

  onTransition(listener: TransitionListener): () => void {
    return this.#transitions.add(listener);
  }

  onKeySet(listener: KeySetListener): () => void {
    return this.#keySets.add(listener);
  }

  onKilledKeys(listener: KilledKeysListener): () => void {
    return this.#killedKeys.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#setUp.close();
    this.#refusals.close();
    this.#keys.close();
    await this.#replica.close();
  }

  /** One for all that is held open, however many first calls wait for it. */
  async #loadWatchers(): Promise<Watchers> {
    try {
      const Watchers = await loadWatchers();
      const { clock, replica } = this.#parts;
      return (this.#watchers ??= new Watchers(this.#ledger, clock, () => replica.issuerNow()));
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  /** Whether it refuses for now: auth can be asked, or what checks proofs is not loaded yet. */
  #mayChange(error: unknown, wanted: StalenessPolicy | undefined): boolean {
    if (isNotFresh(error)) return this.#stale?.mayAdmit(wanted) === true;
    return error instanceof Refusal && error.code === 'unavailable';
  }

  #count(refusal: unknown): void {
    this.#counts.refused += 1;
    this.#refusals.note(refusal);
  }

  /** Freshness, expiry and revocation, after the last wait; or what the policy puts in their place. */
  async #admit(read: VerifiedToken, { whenStale }: VerifyOptions): Promise<Assurance> {
    try {
      this.#replica.admit(read.claims, read.key.kid, read);
      return 'fresh';
    } catch (error) {
      if (!isNotFresh(error) || this.#stale === undefined) throw error;
      return await this.#stale.admit(read, whenStale, error);
    }
  }

  #onEvent(event: RevocationEvent): void {
    if (event.kind === 'key') this.#kill(event.key);
    this.#watchers?.applied(event);
  }

  #kill(kid: string): void {
    this.#keys.kill(kid);
    this.access.kill(kid);
  }

  #moved(to: ReplicaState, from: ReplicaState): void {
    if (to !== 'LIVE') this.#watchers?.abortAll(notFresh(to));
    // SPEC.md I18
    this.access.isFresh = to === 'LIVE' || this.#policy === 'accept';
    this.#reports.moved(to, from);
    this.#transitions.tell(to, from);
  }
}
