/**
 * Answers to verifiers that ask to stay fresh.
 *
 * Invariant (SPEC.md A1, A2, A4, A5): register, commit, and only then read. A transaction that commits
 * a revocation after that read also reads the registry after it, and so finds the verifier there and
 * waits for it; a revocation that committed before is in what was read. With the two swapped, a
 * verifier could be fresh, uninformed and uncounted at once.
 *
 * Requests that come together share one registration and one read, but a request joins only a batch
 * whose registration has not begun: no answer rests on a read that began before its request came. One batch is
 * served at a time, unless its connection to PostgreSQL hangs.
 *
 * A position beyond the head, in the same epoch, is of a history that was lost: a database that went
 * back to a former state. Nothing can be said of what lies between, so it is answered with
 * `resynchronise` in every case. Both reads of the head begin after the question.
 *
 * Rows that are committed and not yet numbered are part of every answer. So an answer never waits for
 * the right to give out positions, and an instance that was paused while it held that right delays no
 * answer. When there are too many of them they come in several answers, in the order of their ids: a
 * row without a position when the first of those was read is in one of them, or has been numbered since
 * and so lies after the position of the last.
 *
 * What roles carry goes along (SPEC.md A12): an answer names the mapping of the database as it was read with the rest,
 * or a later one, and has the document of it for those who do not enforce it, by a key that was not killed by then.
 */
import type { GrantedAccess, GrantReply, GrantRequest, IncarnationId } from '@portcullis/contracts';
import type { Clock } from '@portcullis/verify';
import { inTime } from '../timing/in-time.ts';
import type { AccessPlace, LogPage, RevocationLog } from './log.ts';
import type { Registration, VerifierRegistry } from './registry.ts';

/** Far longer than a batch takes. After that the next one is served beside it. Milliseconds. */
const SERVED_ALONE_MS = 1_000;

interface Waiting {
  request: GrantRequest;
  resolve(reply: GrantReply): void;
}

/** A verifier that knows more of the log than there is. */
export interface BeyondHead {
  service: string;
  incarnation: IncarnationId;
  position: number;
  head: number;
}

export interface GrantDependencies {
  log: Pick<RevocationLog, 'read'>;
  registry: Pick<VerifierRegistry, 'register'>;
  clock: Pick<Clock, 'after'>;
  /** S, in milliseconds. */
  maxStalenessMs: number;
  /**
   * The mapping of roles, signed, as of this reading of the database or of a later one. None where there is no such
   * thing.
   *
   * @throws when it cannot be had: no answer is given then
   */
  access?: ((atLeast: AccessPlace) => Promise<GrantedAccess>) | undefined;
  /** Called with the error; the verifiers learn only that there is no answer. */
  failed(error: unknown): void;
  /** Called for each question from beyond the head. It is a verifier's word: nothing else follows. */
  beyondHead(found: BeyondHead): void;
}

export class Grants {
  readonly #dependencies: GrantDependencies;
  #waiting: Waiting[] = [];
  #serving = false;

  constructor(dependencies: GrantDependencies) {
    this.#dependencies = dependencies;
  }

  /** Never rejects: what cannot be answered is `unavailable`, and nothing follows from it. */
  async answer(request: GrantRequest): Promise<GrantReply> {
    return await new Promise((resolve) => {
      this.#waiting.push({ request, resolve });
      if (!this.#serving) void this.#serve();
    });
  }

  async #serve(): Promise<void> {
    this.#serving = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await inTime(this.#dependencies.clock, SERVED_ALONE_MS, this.#answerEach(batch));
    }
    this.#serving = false;
  }

  /** Never rejects. */
  async #answerEach(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#answerAll(batch);
    } catch (error) {
      this.#dependencies.failed(error);
      for (const { request, resolve } of batch) resolve(unavailable(request));
    }
  }

  async #answerAll(batch: readonly Waiting[]): Promise<void> {
    const { log, registry, maxStalenessMs, beyondHead, access } = this.#dependencies;
    const taken = await registry.register(
      batch.map(({ request }) => request),
      maxStalenessMs,
    );
    // From here on the registration is committed. Every read below begins after it.
    const pages = new Map<string, Promise<LogPage>>();
    await Promise.all(
      batch.map(async ({ request, resolve }) => {
        const registration = taken.get(request.incarnation);
        if (registration === undefined) return resolve(unavailable(request));
        const after = request.epoch === null ? 0 : request.position;
        const { anchor = after, resume } = request;
        const place = `${after} ${anchor} ${resume ?? ''}`;
        const reading = pages.get(place) ?? log.read({ after, anchor, resume });
        pages.set(place, reading);
        const page = await reading;
        // The database may have gone back before the one or between the two.
        const isBeyond = registration.isBeyond || request.position > page.head;
        if (request.epoch === page.epoch && isBeyond) {
          const { service, incarnation, position } = request;
          beyondHead({ service, incarnation, position, head: registration.head });
          return resolve(resynchronise(request, page));
        }
        const granted = page.access === undefined ? undefined : await access?.(page.access);
        return resolve(replyTo(request, page, { ...registration, maxStalenessMs, granted }));
      }),
    );
  }
}

interface ReplyFacts extends Pick<Registration, 'kindsUnknown' | 'access'> {
  maxStalenessMs: number;
  granted: GrantedAccess | undefined;
}

function replyTo(
  request: GrantRequest,
  page: LogPage,
  { kindsUnknown, access, maxStalenessMs, granted }: ReplyFacts,
): GrantReply {
  const { nonce, incarnation } = request;
  const { epoch, from, numbered, unnumbered, head, cut, resume, issuerTime } = page;
  if (request.epoch !== null && request.epoch !== epoch) return resynchronise(request, page);
  return {
    version: 1,
    nonce,
    incarnation,
    outcome: 'granted',
    epoch,
    // A cut answer vouches only for what it carries.
    position: cut ? (numbered.at(-1)?.position ?? request.position) : head,
    events: [...numbered, ...unnumbered],
    complete: !cut,
    from,
    ...(resume === undefined ? {} : { resume }),
    max_staleness_ms: maxStalenessMs,
    issuer_time: Math.floor(issuerTime),
    ...(kindsUnknown ? { kinds_unknown: true } : {}),
    ...(granted === undefined ? {} : { access: accessFor(access, granted) }),
  };
}

/** Without the document for those who have it. */
function accessFor(enforced: number | null, granted: GrantedAccess): GrantedAccess {
  return enforced === granted.number ? { number: granted.number } : granted;
}

function resynchronise({ nonce, incarnation }: GrantRequest, { epoch }: LogPage): GrantReply {
  return { version: 1, nonce, incarnation, outcome: 'resynchronise', epoch };
}

function unavailable({ nonce, incarnation }: GrantRequest): GrantReply {
  return { version: 1, nonce, incarnation, outcome: 'unavailable' };
}
