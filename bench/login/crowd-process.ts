/**
 * People who log in, all at once and again and again, each on a connection of their own: whoever is
 * let in begins anew at once, and whoever is refused comes back when the answer says.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { answerQuestions, settingsOfWorker } from '@portcullis/testbed';
import { crowdQuestion, crowdSettings, type CrowdAnswer } from './crowd-questions.ts';
import { Person } from './person.ts';

const { authUrl, accounts } = crowdSettings.parse(settingsOfWorker());
const login = new URL('/v1/login', authUrl);

/** They come anew each time: a server closes what stands idle while others have their turn. */
async function crowd(milliseconds: number): Promise<CrowdAnswer> {
  const people = await Promise.all(accounts.map((account) => Person.arrive(login, account)));
  const started = performance.now();
  const answer: CrowdAnswer = { milliseconds: 0, statuses: {}, times: [], withoutRetryAfter: 0 };
  const left = (): number => started + milliseconds - performance.now();
  await Promise.all(
    people.map(async (person) => {
      while (left() > 0) {
        const begun = performance.now();
        const { status, retryAfterMs } = await person.logIn();
        answer.times.push(performance.now() - begun);
        answer.statuses[status] = (answer.statuses[status] ?? 0) + 1;
        if (status === 200) continue;
        if (retryAfterMs === undefined) answer.withoutRetryAfter += 1;
        await sleep(Math.max(0, Math.min(left(), retryAfterMs ?? 1_000)));
      }
    }),
  );
  answer.milliseconds = performance.now() - started;
  for (const person of people) person[Symbol.dispose]();
  return answer;
}

answerQuestions(async (asked) => await crowd(crowdQuestion.parse(asked).milliseconds));
