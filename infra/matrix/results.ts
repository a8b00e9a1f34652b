import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const result = z.object({
  commit: z.string(),
  /** The versions that it ran on, in one line. */
  versions: z.string(),
  passed: z.number(),
  failed: z.number(),
  seconds: z.number(),
});
export type Result = z.infer<typeof result>;

/**
 * What has been run, in a file, so that a matrix which was interrupted goes on where it was.
 * A run counts for its commit and its versions alone.
 */
export class Results {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** @returns the run that held on this commit and these versions */
  held(commit: string, versions: string): Result | undefined {
    return this.#all().find(
      (one) => one.commit === commit && one.versions === versions && one.failed === 0,
    );
  }

  add(one: Result): void {
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, `${JSON.stringify([...this.#all(), one], undefined, 2)}\n`);
  }

  #all(): Result[] {
    let text: string;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch {
      return [];
    }
    return z.array(result).parse(JSON.parse(text));
  }
}
