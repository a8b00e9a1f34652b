/** Checks passwords by one implementation of argon2id, and says what one of them cost. */
import { hash as hashByRust, verifySync } from '@node-rs/argon2';
import { answerQuestions, settingsOfWorker } from '@portcullis/testbed';
import { verify as verifyByC } from 'argon2';
import { costOf } from '../rounds.ts';
import { argon2Settings } from './argon2-settings.ts';

const { by, batch, parameters } = argon2Settings.parse(settingsOfWorker());
const PASSWORD = 'correct horse battery staple';
const stored = await hashByRust(PASSWORD, { ...parameters, outputLen: 32 });

/** One reads what the other has stored, or neither could take its place. */
const holds = async (password: string): Promise<boolean> =>
  by === 'argon2' ? await verifyByC(stored, password) : verifySync(stored, password);

if (!(await holds(PASSWORD)) || (await holds(`${PASSWORD}.`))) {
  throw new Error(`${by} gives a wrong answer`);
}

answerQuestions(
  async () =>
    await costOf(batch, async () => {
      for (let done = 0; done < batch; done += 1) {
        if (!(await holds(PASSWORD))) throw new Error('the right password is refused');
      }
    }),
);
