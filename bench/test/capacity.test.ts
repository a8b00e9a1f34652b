/** How `npm run capacity` counts: on a server that does next to nothing. What it measures is a command's to say. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { measure } from '../capacity/measure.ts';
import type { Part } from '../capacity/part.ts';
import { processorMs } from '../capacity/processor-time.ts';
import { reportOf } from '../capacity/report.ts';

const AT_ONCE = 4;
const CALLS = 12;

let server: Server;
let url: string;
let status = 200;
let asked = 0;
let atOnce = 0;
let mostAtOnce = 0;

beforeAll(async () => {
  server = createServer((_, response) => {
    asked += 1;
    atOnce += 1;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    setTimeout(() => {
      atOnce -= 1;
      response.writeHead(status).end('{}');
    }, 5);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  url = `http://127.0.0.1:${address.port}`;
});

afterAll(() => {
  server.close();
});

const part: Part = {
  name: 'nothing',
  about: 'a server that waits for 5 ms',
  calls: CALLS,
  atOnce: AT_ONCE,
  prepare:
    async ({ caller }) =>
    async () =>
      void (await caller.succeed({ method: 'GET', path: '/' })),
};

const subject = (name: string) => ({
  name,
  url,
  pid: process.pid,
  databaseUrl: '',
  verifiers: 0,
  addClient: async () => '',
  addVerifiers: async () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
});
const rounds = { rounds: 2, share: 1, progress: () => undefined };

it('makes as many calls as it says, so many at once, and leaves the first round out', async () => {
  const standings = await measure(part, [subject('ours'), subject('other')], rounds);
  expect(asked).toBe(2 * 3 * CALLS);
  expect(mostAtOnce).toBe(AT_ONCE);
  const report = reportOf(part, standings);
  expect(report).toMatchObject({ calls: 2 * CALLS, ratios: [{ to: 'other' }] });
  expect(report.subjects.map(({ name }) => name)).toEqual(['ours', 'other']);
  // Four at once, each for 5 ms and more.
  const [ours] = report.subjects;
  expect(ours?.p50).toBeGreaterThanOrEqual(4);
  expect(ours?.perSecond.median).toBeLessThanOrEqual((1_000 * AT_ONCE) / 4);
});

it('fails for the first answer that is no success', async () => {
  status = 503;
  await expect(measure(part, [subject('ours')], rounds)).rejects.toThrow('GET /: 503');
});

it('takes the processor time of a process from the kernel', () => {
  const [before, until] = [processorMs(process.pid), performance.now() + 120];
  const own = process.cpuUsage();
  while (performance.now() < until);
  const used = process.cpuUsage(own);
  const seen = processorMs(process.pid) - before;
  expect(Math.abs(seen - (used.user + used.system) / 1_000)).toBeLessThanOrEqual(40);
});
