/**
 * argon2 and nothing else: as many passwords checked at once as the auth service checks, with the
 * parameters that it has by default, in threads of the same priority, for as long as it is told.
 */
import { hash } from '@node-rs/argon2';
import { answerQuestions } from '@portcullis/testbed';
import { z } from 'zod';
import { DEFAULT_ARGON2 } from '../src/password/argon2-parameters.ts';
import { HashingThreads } from '../src/password/hashing-threads.ts';
import { MAX_IN_FLIGHT, MAX_CONCURRENT } from '../src/password/password-hasher.ts';

const question = z.object({ milliseconds: z.number() });
const password = 'correct horse battery staple';
const stored = await hash(password, DEFAULT_ARGON2);
const threads = new HashingThreads(MAX_CONCURRENT);

/** @returns checks for each second */
async function rateOver(milliseconds: number): Promise<number> {
  const started = performance.now();
  let checked = 0;
  await Promise.all(
    Array.from({ length: MAX_IN_FLIGHT }, async () => {
      while (performance.now() - started < milliseconds) {
        const holds = await threads.run({ stored, password });
        if (holds !== true) throw new Error('the right password is refused');
        checked += 1;
      }
    }),
  );
  return checked / ((performance.now() - started) / 1_000);
}

answerQuestions(
  async (asked) => await rateOver(question.parse(asked).milliseconds),
  () => threads[Symbol.asyncDispose](),
);
