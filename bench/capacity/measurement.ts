export interface RunOptions {
  readonly rounds: number;
  /** One round, few calls and few rows: a look whether it runs, not a figure. */
  readonly short: boolean;
  /** The folder of another commit, installed and built, to be compared with. */
  readonly checkout?: string | undefined;
  /** `flatness`: the most sessions, as a power of ten. */
  readonly largest: number;
  /** One line that is written over. */
  progress(line: string): void;
}

export interface Outcome {
  /** For people. */
  readonly table: string;
  /** For programs. */
  readonly figures: unknown;
}

export interface Measurement {
  readonly name: string;
  readonly about: string;
  /** Runs only when it is named. */
  readonly onlyNamed?: boolean;
  /** @throws Error when something was not as it has to be; figures never throw */
  run(options: RunOptions): Promise<Outcome>;
}
