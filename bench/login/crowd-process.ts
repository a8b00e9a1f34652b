/**
 * People who log in, all at once and again and again, each on a connection of their own: whoever is
 * let in begins anew at once, and whoever is refused comes back when the answer says.
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerQuestions, settingsOfWorker } from '@portcullis/testkit';
import { crowdQuestion, crowdSettings, type CrowdAnswer } from './crowd-questions.ts';

/** Longer than anything that is under way may take: beyond it, a login hangs. Milliseconds. */
const HANGS_MS = 30_000;

const { authUrl, accounts } = crowdSettings.parse(settingsOfWorker());
const agent = new Agent({ keepAlive: true, maxSockets: accounts.length });
const login = new URL('/v1/login', authUrl);

interface Answer {
  status: number;
  retryAfterMs: number | undefined;
}

async function logIn(body: string): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const asked = request(login, { method: 'POST', agent, headers, timeout: HANGS_MS });
    asked.once('timeout', () => asked.destroy(new Error(`no answer within ${HANGS_MS} ms`)));
    asked.once('error', reject);
    asked.once('response', (response) => {
      const seconds = response.headers['retry-after'];
      response.once('error', reject).resume();
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          retryAfterMs: seconds === undefined ? undefined : Number(seconds) * 1_000,
        }),
      );
    });
    asked.end(body);
  });
}

async function crowd(milliseconds: number): Promise<CrowdAnswer> {
  const started = performance.now();
  const answer: CrowdAnswer = { milliseconds: 0, statuses: {}, times: [], withoutRetryAfter: 0 };
  await Promise.all(
    accounts.map(async (account) => {
      const body = JSON.stringify(account);
      const left = (): number => started + milliseconds - performance.now();
      while (left() > 0) {
        const begun = performance.now();
        const { status, retryAfterMs } = await logIn(body);
        answer.times.push(performance.now() - begun);
        answer.statuses[status] = (answer.statuses[status] ?? 0) + 1;
        if (status === 200) continue;
        if (retryAfterMs === undefined) answer.withoutRetryAfter += 1;
        await sleep(Math.max(0, Math.min(left(), retryAfterMs ?? 1_000)));
      }
    }),
  );
  return { ...answer, milliseconds: performance.now() - started };
}

answerQuestions(
  async (asked) => await crowd(crowdQuestion.parse(asked).milliseconds),
  () => agent.destroy(),
);
