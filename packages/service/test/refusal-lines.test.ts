/** Why tokens were refused: a line for each reason and ten seconds, however many requests there are, and a metric. */
import { Refusal } from '@portcullis/contracts';
import { Agent, get } from 'node:http';
import { expect, it } from 'vitest';
import { createServiceGuard, createLogger } from '../src/index.ts';
import { startSmallService } from './small-service.ts';

const SECRET = `secret-${'t'.repeat(40)}.secret-${'p'.repeat(40)}.secret-${'s'.repeat(40)}`;
const REQUESTS = 2_000;
const AT_ONCE = 50;
const EVERY_MS = 10_000;

const guard = createServiceGuard(
  {
    verifyMaybeSync: () => {
      throw new Refusal('invalid_token', { reason: 'expired', cause: new Error('expired') });
    },
  },
  { publicUrls: ['http://127.0.0.1'] },
);

function linesOf(log: string): Record<string, unknown>[] {
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

it('of two thousand refused requests there are as many lines as reasons and ten seconds', async () => {
  const lines: string[] = [];
  const service = await startSmallService({
    guard,
    logger: createLogger({
      service: 'small',
      level: 'trace',
      destination: { write: (line: string) => void lines.push(line) },
    }),
  });
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const ask = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const asked = get(`${service.origin}/v1/me`, { agent, headers }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode));
      });
      asked.once('error', reject);
    });
  const began = performance.now();
  let left = REQUESTS;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left > 0) {
        left -= 1;
        const headers = left % 2 === 0 ? { authorization: `Bearer ${SECRET}` } : {};
        expect(await ask(headers)).toBe(401);
      }
    }),
  );
  const metrics = await (await fetch(`${service.origin}/metrics`)).text();
  agent.destroy();
  await service[Symbol.asyncDispose]();
  const seconds = (performance.now() - began) / 1_000;

  const log = lines.join('');
  const counted = linesOf(log).filter(({ msg, count }) => msg === 'refused' && count !== undefined);
  for (const reason of ['expired', 'no_token']) {
    const own = counted.filter((line) => line['reason'] === reason);
    expect(own.length).toBeGreaterThanOrEqual(2);
    // One at once, one for each ten seconds, and the last at the end.
    expect(own.length).toBeLessThanOrEqual(2 + Math.floor((seconds * 1_000) / EVERY_MS));
    expect(own.reduce((sum, { count }) => sum + Number(count), 0)).toBe(REQUESTS / 2);
    for (const line of own) expect(line).toMatchObject({ level: 'info', service: 'small' });
    const metric = new RegExp(
      `portcullis_http_refusal_reasons_total\\{[^}]*reason="${reason}".*\\} ${REQUESTS / 2}\\n`,
    );
    expect(metrics).toMatch(metric);
  }
  expect(counted.every(({ reason }) => reason === 'expired' || reason === 'no_token')).toBe(true);
  const single = linesOf(log).filter(({ msg, level }) => msg === 'refused' && level === 'debug');
  expect(single).toHaveLength(REQUESTS);
  expect(single[0]).toHaveProperty('reason');
  expect(single[0]).toHaveProperty('request_id');
  for (const part of SECRET.split('.')) expect(log).not.toContain(part);
}, 120_000);

it('counts each call of a batch, and nothing that is refused for another reason', async () => {
  await using service = await startSmallService({ guard });
  const ask = (path: string) => fetch(`${service.origin}${path}`);
  await ask('/trpc/me,me,me?batch=1');
  await ask('/v1/nothing-there');
  await ask('/v1/things?count=99');
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' };
  await fetch(`${service.origin}/v1/login`, post);
  const metrics = await (await ask('/metrics')).text();
  const found = [...metrics.matchAll(/refusal_reasons_total\{([^}]*)\} (\d+)/g)].map(
    ([, labels = '', count]) => [/reason="(\w+)"/.exec(labels)?.[1], count],
  );
  // The route of things has its input looked at after the caller.
  expect(found).toEqual([['no_token', '4']]);
});
