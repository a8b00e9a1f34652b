/**
 * Users who log in, all at once and again and again, each on a connection of their own: a user who is
 * let in begins anew at once, and one who is refused comes back when the answer says.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { answerQuestions, settingsOfWorker } from '@portcullis/testbed';
import { loadQuestion, loadSettings, type LoadAnswer } from './load-questions.ts';
import { LoadUser } from './load-user.ts';

const { authUrl, accounts } = loadSettings.parse(settingsOfWorker());
const login = new URL('/v1/login', authUrl);

/** They come anew each time: a server closes what stands idle while others have their turn. */
async function load(milliseconds: number): Promise<LoadAnswer> {
  const users = await Promise.all(accounts.map((account) => LoadUser.arrive(login, account)));
  const started = performance.now();
  const answer: LoadAnswer = { milliseconds: 0, statuses: {}, times: [], withoutRetryAfter: 0 };
  const left = (): number => started + milliseconds - performance.now();
  await Promise.all(
    users.map(async (user) => {
      while (left() > 0) {
        const begun = performance.now();
        const { status, retryAfterMs } = await user.logIn();
        answer.times.push(performance.now() - begun);
        answer.statuses[status] = (answer.statuses[status] ?? 0) + 1;
        if (status === 200) continue;
        if (retryAfterMs === undefined) answer.withoutRetryAfter += 1;
        await sleep(Math.max(0, Math.min(left(), retryAfterMs ?? 1_000)));
      }
    }),
  );
  answer.milliseconds = performance.now() - started;
  for (const user of users) user[Symbol.dispose]();
  return answer;
}

answerQuestions(async (asked) => await load(loadQuestion.parse(asked).milliseconds));
