/**
 * A newcomer: a fresh clone of what is committed here, a project outside of it, and the blocks of the README in their order,
 * with nothing else. Only the ports are this program's own.
 */
import { freePort, run, TestProcess } from '@portcullis/testbed';
import { execFileSync } from 'node:child_process';
import { equal, match, ok } from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../paths.ts';
import { get, logIn, register, statusOf } from '../test/e2e/calls.ts';
import { threePorts } from '../test/own-system.ts';

const OWN = /<!-- own: (\S+) -->\n\n```\w+\n([\s\S]*?)```/g;
const OF_EXAMPLE = /```sh\n([\s\S]*?)```/;
const CALLS = /<!-- orders -->\n\n```sh\n([\s\S]*?)```/;
/** Of which the page is followed, too. */
const EXAMPLE = 'express';
/** After `npm start`. */
const MOST_COMMANDS = 3;
const START_MS = 600_000;
const COMMAND_MS = 300_000;

/** @returns what was seen. @throws Error for a block that does not do what the README says */
export async function newcomer(folder: string): Promise<string> {
  const clone = join(folder, 'portcullis');
  execFileSync('git', ['clone', '--quiet', ROOT, clone]);
  const auth = await threePorts();
  const [api, env] = [await freePort(), { PORT: String(auth) }];
  const here = (text: string): string =>
    text.replaceAll('localhost:4000', `localhost:${auth}`).replaceAll('4010', String(api));
  const readme = readFileSync(join(clone, 'README.md'), 'utf8');

  const start = { name: 'npm start', command: 'npm', args: ['start'], cwd: clone, env };
  await using system = new TestProcess(start);
  await says(system, 'Portcullis is ready', START_MS);

  const shell = (name: string, lines: string) => ({
    ...{ name, command: 'bash', args: ['-ec', here(lines)], cwd: clone, env },
  });
  const blocks = [...readme.matchAll(OWN)].map(([, name = '', text = '']) => ({ name, text }));
  const commands = blocks.filter(({ name }) => !name.includes('.'));
  ok(commands.length <= MOST_COMMANDS, `${commands.length} commands`);
  equal(blocks.at(-1)?.name, 'run');
  for (const { name, text } of blocks.slice(0, -1)) {
    if (name.includes('.')) writeFileSync(join(folder, 'orders', name), here(text));
    else await run(shell(name, text), COMMAND_MS);
  }
  const authUrl = `http://localhost:${auth}`;
  const url = `http://127.0.0.1:${api}`;
  {
    await using service = new TestProcess(shell('run', blocks.at(-1)?.text ?? ''));
    await answers(service, authUrl, `${url}/mine`);
    const said = await run(shell('calls', CALLS.exec(readme)?.[1] ?? ''), COMMAND_MS);
    match(said, /"the orders of usr_\w+"/);
    match(said, /"confirmed":(\d),"expected":\1/);
    match(said, /HTTP\/1.1 401 [\s\S]*invalid_token/);
  }
  const page = readFileSync(join(clone, 'examples', EXAMPLE, 'README.md'), 'utf8');
  const lines = shell(EXAMPLE, OF_EXAMPLE.exec(page)?.[1] ?? '');
  await using example = new TestProcess({ ...lines, env: { ...env, PORT: String(api) } });
  await answers(example, authUrl, `${url}/orders`);
  return `${commands.length} commands after npm start, and a route is refused after logout; ${EXAMPLE} by its page`;
}

async function says(started: TestProcess, text: string, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!started.log.includes(text)) {
    if (!started.running || performance.now() > deadline) throw new Error(started.log);
    await sleep(100);
  }
}

/** Waits until it takes a token. */
async function answers(started: TestProcess, authUrl: string, url: string): Promise<void> {
  const { access_token: token } = await logIn(authUrl, await register(authUrl));
  const deadline = performance.now() + COMMAND_MS;
  while ((await statusOf(get(url, token)).catch(() => 0)) !== 200) {
    if (!started.running || performance.now() > deadline) throw new Error(started.log);
    await sleep(100);
  }
}
