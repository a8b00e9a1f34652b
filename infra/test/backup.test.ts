/** Backup and restore as an operator runs them, beside services of their own. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import {
  appDatabase,
  createTestBed,
  ensureUserClient,
  startAuth,
  startUser,
  TestProcess,
  testServers,
  type AuthProcess,
  type SpawnedService,
  type TestBed,
} from '@portcullis/testbed';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { backupText, readBackup, type Backup, type Service } from '../backup/backup-file.ts';
import { readIntactBackup } from '../backup/backup-folder.ts';
import { clientPrograms } from '../backup/client-programs.ts';
import { connectDatabase, versionOf } from '../backup/connection.ts';
import { dumpDatabase } from '../backup/dump-database.ts';
import { inOwnFolder } from '../backup/on-databases.ts';
import { restoreDatabase } from '../backup/restore-database.ts';
import { inspectTarget } from '../backup/restore-target.ts';
import { countRows, MIGRATIONS, type RowCounts } from '../backup/tables.ts';
import { verifyBackup } from '../backup/verify.ts';

/** S, in milliseconds. */
const S = 1_000;
const PASSWORD = 'a lighthouse behind seven hills';
const EMAIL = 'ada@example.test';

const server = postgres(testServers().postgresUrl, { max: 1 });
const { major } = await versionOf(server);
await server.end();
/** The row of the matrix with another server has its programs, and none of those that dump. */
const programs = (() => {
  try {
    return clientPrograms(major);
  } catch {
    return undefined;
  }
})();

let bed: TestBed<'auth' | 'user'>;
let auth: AuthProcess;
let user: SpawnedService;
let folder: string;

async function post(path: string, body: unknown, token?: string): Promise<Response> {
  return await fetch(`${auth.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
}

async function logIn(): Promise<Record<string, string>> {
  const answer = await post('/v1/login', { email: EMAIL, password: PASSWORD });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, string>;
}

/** What the user service answers to this token. */
async function shown({ access_token: token = '' }: Record<string, string>): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${user.url}/v1/me`, { headers });
  await answer.body?.cancel();
  return answer.status;
}

interface Ended {
  status: number | NodeJS.Signals;
  output: string;
}

/** `npm run COMMAND`, in the environment of auth, with that database. */
function begin(words: string[], service: Service, env: Record<string, string> = {}): TestProcess {
  return new TestProcess({
    name: words.join(' '),
    command: '/bin/sh',
    // Whatever is made is made for its owner alone: the umask would let everyone read it.
    args: ['-c', 'umask 0; exec "$@"', 'sh', process.execPath, 'infra/bootstrap.mjs', ...words],
    env: { NODE_ENV: 'test', ...auth.env, DATABASE_URL: bed.databaseUrls[service], ...env },
  });
}

async function run(
  words: string[],
  service: Service,
  env?: Record<string, string>,
): Promise<Ended> {
  await using child = begin(words, service, env);
  const status = await child.exited;
  return { status, output: child.log };
}

async function countsOf(service: Service): Promise<RowCounts> {
  await using sql = await connectDatabase(bed.databaseUrls[service], 'portcullis-test');
  return await countRows(sql);
}

/** The one that was made since. */
async function backedUp(service: Service, env?: Record<string, string>): Promise<string> {
  const before = new Set(readdirSync(folder));
  const { status, output } = await run(['backup', service, '--into', folder], service, env);
  expect(status, output).toBe(0);
  const [made = ''] = readdirSync(folder).filter((name) => !before.has(name));
  return join(folder, made);
}

/** A copy, to change something in it. */
function copyOf(backup: string): string {
  const copy = join(mkdtempSync(join(tmpdir(), 'portcullis-backup-copy-')), 'copy');
  cpSync(backup, copy, { recursive: true });
  onTestFinished(() => rmSync(join(copy, '..'), { recursive: true }));
  return copy;
}

/** Has backup.json say what the files are, as someone would who changed both. */
function describeAnew(backup: string, change: (content: Backup) => Backup = (same) => same): void {
  const content = change(readBackup(backup));
  const databases = content.databases.map((one) => {
    const bytes = readFileSync(join(backup, one.file));
    return { ...one, sha256: createHash('sha256').update(bytes).digest('hex') };
  });
  writeFileSync(join(backup, 'backup.json'), backupText({ ...content, databases }));
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

it('the package of programs that are missing is the one thing to do', () => {
  const fix = expect.stringMatching(/postgresql(?:-client-|@)99\b/);
  expect(() => clientPrograms(99)).toThrow(expect.objectContaining({ fix }));
});

describe.runIf(programs !== undefined)('backup and restore', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'portcullis-backups-'));
    bed = await createTestBed({
      databases: { auth: appDatabase('auth'), user: appDatabase('user') },
    });
    auth = await startAuth(bed, { PORTCULLIS_MAX_STALENESS_MS: String(S) });
    await ensureUserClient(bed, auth);
    user = await startUser(bed, auth.issuer);
    const body = { email: EMAIL, password: PASSWORD, name: 'Ada' };
    expect((await post('/v1/register', body)).status).toBe(201);
    const tokens = await logIn();
    // The profile has to arrive.
    await vi.waitUntil(async () => (await shown(tokens)) === 200, { timeout: 20_000 });
  }, 120_000);
  afterAll(async () => {
    await bed?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('a backup that is made while sessions are opened has each row of one moment', async () => {
    const over = new AbortController();
    let logins = 0;
    const load = Array.from({ length: 3 }, async () => {
      while (!over.signal.aborted) {
        await logIn();
        logins += 1;
      }
    });
    const words = ['backup', 'auth', '--into', folder, '--verify'];
    const { status, output } = await run(words, 'auth');
    over.abort();
    await Promise.all(load);
    expect(status, output).toBe(0);
    expect(output).toMatch(/ holds: it was restored, and has every row\./);
    expect(output).toContain('docs/operations.md, "Keys"');
    expect(logins).toBeGreaterThan(3);
    const [made = ''] = readdirSync(folder);
    const { databases } = readBackup(join(folder, made));
    const then = databases[0]?.tables['public.sessions'] ?? 0;
    expect(then).toBeGreaterThan(0);
    expect(then).toBeLessThan((await countsOf('auth'))['public.sessions'] ?? 0);
  });

  it('it is for its owner alone, without the key-encryption key, and no word of pg_dump has the password', async () => {
    const wrapped = mkdtempSync(join(tmpdir(), 'portcullis-pg-dump-'));
    onTestFinished(() => rmSync(wrapped, { recursive: true }));
    const said = join(wrapped, 'words');
    const script = `#!/bin/sh\nprintf '%s\\n' "$@" >> ${said}\nexec ${programs?.dump} "$@"\n`;
    writeFileSync(join(wrapped, 'pg_dump'), script);
    chmodSync(join(wrapped, 'pg_dump'), 0o755);
    symlinkSync(programs?.restore ?? '', join(wrapped, 'pg_restore'));
    const PATH = [wrapped, process.env['PATH']].join(delimiter);
    const backup = await backedUp('auth', { PATH });

    expect([
      modeOf(backup),
      ...readdirSync(backup).map((name) => modeOf(join(backup, name))),
    ]).toEqual(['700', '600', '600']);
    expect(readFileSync(said, 'utf8')).toContain('--snapshot=');
    const { password } = new URL(bed.databaseUrls.auth);
    expect(password.length).toBeGreaterThan(8);
    expect(readFileSync(said, 'utf8')).not.toContain(password);
    expect(readFileSync(join(backup, 'backup.json'), 'utf8')).not.toContain(password);

    const dump = execFileSync(programs?.restore ?? '', ['--file=-', join(backup, 'auth.dump')]);
    expect(dump.includes(EMAIL)).toBe(true);
    const key = Buffer.from(auth.env['PORTCULLIS_KEY_ENCRYPTION_KEY'] ?? '', 'base64url');
    expect(key).toHaveLength(32);
    const forms = ['hex', 'base64url', 'base64'] as const;
    for (const bytes of [dump, readFileSync(join(backup, 'auth.dump'))]) {
      const found = [key, ...forms.map((form) => key.toString(form))].filter((one) =>
        bytes.includes(one),
      );
      expect(found).toEqual([]);
    }
  });

  it('one that is killed on the way is taken for none', async () => {
    await using sql = await connectDatabase(bed.databaseUrls.user, 'portcullis-test');
    const before = new Set(readdirSync(folder));
    const made = (): string[] => readdirSync(folder).filter((name) => !before.has(name));
    await sql.begin(async (tx) => {
      await tx`lock table profiles in access exclusive mode`;
      const child = begin(['backup', 'user', '--into', folder], 'user');
      await expect.poll(made).toEqual([expect.stringMatching(/\.partial$/)]);
      child.kill('SIGKILL');
      await child.exited;
    });
    const [partial = ''] = made();
    await expect(readIntactBackup(join(folder, partial))).rejects.toThrow('was interrupted');
    const renamed = copyOf(join(folder, partial));
    await expect(readIntactBackup(renamed)).rejects.toThrow('backup.json is missing');
  });

  it('a changed byte, a missing file and a missing row are refused by name', async () => {
    const whole = await backedUp('user');
    const changed = copyOf(whole);
    const bytes = readFileSync(join(changed, 'user.dump'));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(join(changed, 'user.dump'), bytes);
    await expect(readIntactBackup(changed)).rejects.toThrow(/user\.dump was changed/);

    const missing = copyOf(whole);
    rmSync(join(missing, 'user.dump'));
    await expect(readIntactBackup(missing)).rejects.toThrow(/user\.dump cannot be read/);

    const lacking = copyOf(whole);
    rmSync(join(lacking, 'user.dump'));
    await using sql = await connectDatabase(bed.databaseUrls.user, 'portcullis-test');
    const rows = await sql`select * from profiles`;
    expect(rows.length).toBeGreaterThan(0);
    await sql`delete from profiles`;
    await inOwnFolder('the test', async (session) => {
      await dumpDatabase(session, { service: 'user', url: bed.databaseUrls.user }, lacking);
      return 0;
    });
    await sql`insert into profiles ${sql(rows)}`;
    describeAnew(lacking);
    const printed = vi.spyOn(console, 'error').mockReturnValue();
    expect(await verifyBackup('the test', lacking)).toBe(1);
    expect(printed.mock.calls.join('\n')).toContain(
      `public.profiles has 0 rows, and ${rows.length} by backup.json`,
    );
  });

  it('a restore after a logout everywhere: the user logs in, and what had ended stays so', async () => {
    const before = await logIn();
    const backup = await backedUp('auth');
    expect((await post('/v1/logout-all?wait=2000', {}, before['access_token'])).status).toBe(200);

    const restore = ['restore', backup, '--only', 'auth'];
    const beside = await run([...restore, '--replace'], 'auth');
    expect(beside.status).toBe(1);
    expect(beside.output).toContain('auth runs: portcullis-auth');
    expect(beside.output).not.toContain('  restore auth '); // after-restore would refuse as well, too late

    await auth.stop();
    const counts = await countsOf('auth');
    const unasked = await run(restore, 'auth');
    expect(unasked.status, unasked.output).toBe(2);
    expect(unasked.output).toMatch(/public\.audit_log +\d+ +\d+\n/);
    expect(unasked.output).toContain(`Fix: npm run restore -- ${backup} --only auth --replace`);

    const preview = await run([...restore, '--dry-run'], 'auth');
    expect(preview.status, preview.output).toBe(0);
    expect(preview.output).toContain('nothing was changed; this is what would be done');
    expect(await countsOf('auth')).toEqual(counts);

    const done = await run([...restore, '--replace', '--apply'], 'auth');
    expect(done.status, done.output).toBe(0);
    expect(done.output).toContain('done; auth may start');
    await auth.restart();
    const again = await logIn();
    await expect.poll(async () => await shown(again)).toBe(200);
    expect(await shown(before)).toBe(401);
    const body = { refresh_token: before['refresh_token'] };
    expect((await post('/v1/refresh', body)).status).toBe(401);
  }, 240_000);

  it('a database that was migrated since is refused, and so is that of another service', async () => {
    const { databases } = readBackup(await backedUp('user'));
    const [backup] = databases;
    if (backup === undefined) throw new Error('there is none');
    const { [MIGRATIONS]: count = 0, ...others } = backup.tables;
    const older = { ...backup, tables: { ...others, [MIGRATIONS]: count - 1 } };
    const inspected = inspectTarget(bed.databaseUrls.user, older);
    await expect(inspected).rejects.toThrow(`has ${count} migrations, and the backup ${count - 1}`);
    await expect(inspectTarget(bed.databaseUrls.auth, backup)).rejects.toThrow(
      'no database of user: it has public.revocation_log',
    );
    await expect(inspectTarget(bed.databaseUrls.user, backup)).resolves.toMatchObject({ major });
  });

  it('a restore that fails on the way leaves the database as it was', async () => {
    const cut = copyOf(await backedUp('user'));
    truncateSync(join(cut, 'user.dump'), statSync(join(cut, 'user.dump')).size - 200);
    const counts = await countsOf('user');
    const printed = vi.spyOn(console, 'error').mockReturnValue();
    const status = await inOwnFolder('the test', async (session) => {
      const dump = join(cut, 'user.dump');
      await restoreDatabase(session, dump, bed.databaseUrls.user, { major, replace: true });
      return 0;
    });
    expect(status).toBe(1);
    expect(printed.mock.calls.join('\n')).toContain('pg_restore failed');
    expect(await countsOf('user')).toEqual(counts);
  });

  it('of user, while it runs: what was there is there again', async () => {
    const tokens = await logIn();
    const backup = await backedUp('user');
    const counts = await countsOf('user');
    await using sql = await connectDatabase(bed.databaseUrls.user, 'portcullis-test');
    await sql`delete from profiles`;
    const done = await run(['restore', backup, '--only', 'user', '--replace'], 'user');
    expect(done.status, done.output).toBe(0);
    expect(done.output).toContain('npm run user -- reconcile-profiles');
    expect(await countsOf('user')).toEqual(counts);
    expect(await shown(tokens)).toBe(200);
  });
});
