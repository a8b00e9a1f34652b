/** What another user waits for meanwhile: one question after the other, with a pause in between. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds. Three who ask take a tenth of a core or two by it, and the same beside argon2 alone. */
const PAUSE_MS = 100;

export interface Question {
  name: string;
  /** Throws when the answer is not the one that it has to be. */
  ask(): Promise<void>;
}

export interface Asked<T> {
  result: T;
  /** Milliseconds that each answer took, by the name of the question. */
  waited: ReadonlyMap<string, readonly number[]>;
}

/** Asks all of them again and again for as long as something takes. */
export async function asking<T>(
  questions: readonly Question[],
  work: () => Promise<T>,
): Promise<Asked<T>> {
  const asked = questions.map((question) => [question.name, keepAsking(question)] as const);
  const result = await work();
  const waited = new Map<string, number[]>();
  for (const [name, stop] of asked) waited.set(name, await stop());
  return { result, waited };
}

/** @returns stops, and gives the milliseconds that each answer took */
function keepAsking({ ask }: Question): () => Promise<number[]> {
  const times: number[] = [];
  let stopped = false;
  const stillAsked = (): boolean => !stopped;
  const asks = (async () => {
    while (stillAsked()) {
      const begun = performance.now();
      await ask();
      times.push(performance.now() - begun);
      await sleep(PAUSE_MS);
    }
  })();
  return async () => {
    stopped = true;
    await asks;
    return times;
  };
}
