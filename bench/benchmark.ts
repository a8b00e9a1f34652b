export interface RunOptions {
  /** Fewer rounds and entries: a look whether it runs. */
  readonly short: boolean;
  /** This algorithm alone, where there are several. */
  readonly alg?: string | undefined;
  /** The folder of another commit, installed, to be compared with. */
  readonly checkout?: string | undefined;
}

export interface Benchmark {
  /** `family/part`; a family is run by its name alone. */
  readonly name: `${string}/${string}`;
  readonly about: string;
  /** Prints its tables. @throws Error when something was not as it has to be; figures never throw */
  run(options: RunOptions): Promise<void>;
}
