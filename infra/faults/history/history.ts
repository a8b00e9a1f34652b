/** Everything that happened in one run, in the order of its end, and what the fault allows. */
import type { Change, Issue, Verification } from './operation.ts';
import type { Machine } from './machine.ts';
import { readToken, type Token } from './token.ts';

/** A span of time at one verifier. */
export interface Span {
  readonly at: string;
  readonly from: number;
  to: number;
}

export class History {
  readonly changes: Change[] = [];
  readonly issues: Issue[] = [];
  readonly verifications: Verification[] = [];
  readonly tokens: Token[] = [];
  /** Here a verifier may answer that it cannot say, or not at all. */
  readonly excused: Span[] = [];
  /** Here a verifier cannot be fresh, and may accept nothing. */
  readonly forbidden: Span[] = [];
  /** Here a verifier stood still: what it answered, it decided afterwards. */
  readonly still: Span[] = [];
  /** Here a fault had struck a verifier. */
  readonly struck: Span[] = [];
  /** Here no push came to a verifier. */
  readonly deaf: Span[] = [];
  /** Signed by another key holder than auth: no verifier has to accept them. */
  readonly forged = new Set<Token>();
  /** What a fault or a check of its own has found to be wrong. */
  readonly found: string[] = [];
  readonly machine: Machine;
  /** When what was done to the system, for the reader of an offence. */
  readonly marks: string[] = [];

  constructor(machine: Machine) {
    this.machine = machine;
  }

  get operations(): number {
    return this.changes.length + this.issues.length + this.verifications.length;
  }

  mark(what: string): void {
    this.marks.push(`${performance.now().toFixed(0)} ms ${what}`);
  }

  addToken(text: string, asked: number, answered: number): Token {
    const token = readToken(text, { label: `token ${this.tokens.length + 1}`, asked, answered });
    this.tokens.push(token);
    return token;
  }

  /** Opens a span now. @returns how to close it */
  open(kind: 'excused' | 'forbidden' | 'still' | 'struck' | 'deaf', at: string): () => void {
    const span: Span = { at, from: performance.now(), to: Number.POSITIVE_INFINITY };
    this[kind].push(span);
    this.mark(`${at}: ${kind} from here`);
    return () => {
      span.to = performance.now();
      this.mark(`${at}: ${kind} until here`);
    };
  }

  /** The earliest moment at which this can have been decided. */
  decidedAfter({ at, start }: Verification): number {
    const paused = this.still.find(
      (span) => span.at === at && span.from <= start && start <= span.to,
    );
    return paused?.to ?? start;
  }
}

export function overlaps(span: Span, { at, start, end }: Verification): boolean {
  return span.at === at && start <= span.to && end >= span.from;
}
