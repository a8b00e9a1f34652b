/** The parts of `npm run capacity` that need more than one auth: whether they run, and find what they look for. */
import { testServers } from '@portcullis/testbed';
import postgres from 'postgres';
import { expect, it } from 'vitest';
import { measureFlatness } from '../capacity/flatness/flatness.ts';
import { flatnessReport, flatnessTable, requireLookUps } from '../capacity/flatness/report.ts';
import { LOGOUTS } from '../capacity/logouts.ts';
import { measure } from '../capacity/measure.ts';
import { startSubject } from '../capacity/subject.ts';
import { VERIFIER } from '../capacity/verifier.ts';

const progress = () => undefined;
const LIMIT_MS = 180_000;

async function countsStatements(): Promise<boolean> {
  const sql = postgres(testServers().postgresUrl, { max: 1 });
  const [row] = await sql`select current_setting('shared_preload_libraries') as libraries`;
  await sql.end();
  return String(row?.['libraries']).includes('pg_stat_statements');
}

it(
  'has receipts from verifiers of two services, in as many processes',
  async () => {
    const part = LOGOUTS.find(({ name }) => name === 'receipts-100');
    if (part === undefined) throw new Error('there is no such part');
    await using subject = await startSubject({ name: 'ours' });
    const standings = await measure(part, [subject], { rounds: 1, share: 0.04, progress });
    expect(subject.verifiers).toBe(4);
    const [measured] = standings.get('ours') ?? [];
    expect(measured?.times).toHaveLength(4);
    expect(measured?.besides).toHaveLength(4);
    const sql = postgres(subject.databaseUrl, { max: 1 });
    const rows = await sql`select distinct service from verifiers order by 1`;
    await sql.end();
    expect(rows.map(({ service }) => String(service))).toEqual([
      'receipts-100-0',
      'receipts-100-1',
    ]);
  },
  LIMIT_MS,
);

it.skipIf(!(await countsStatements()))(
  'finds the one statement whose index is missing, among those of every operation',
  async () => {
    const times = await measureFlatness({
      sizes: [1_000, 10_000],
      calls: 12,
      rounds: 1,
      progress,
      alter: async (sql) => await sql`drop index sessions_of_user`,
    });
    const report = flatnessReport(times);
    const texts = Object.fromEntries(
      report.operations.map(({ name, statements }) => [name, statements.map(({ text }) => text)]),
    );
    expect(texts['refreshes']).toEqual([expect.stringMatching(/^update "sessions"/)]);
    expect(texts['logouts']).toContainEqual(expect.stringMatching(/insert into "revocation_log"/));
    expect(texts['logins']).toContainEqual(expect.stringMatching(/insert into "sessions"/));
    expect(flatnessTable(report)).toContain('10,000');
    let refused = '';
    try {
      requireLookUps(report);
    } catch (error) {
      refused = String(error);
    }
    expect(refused).toMatch(/session-lists: \d+ pages with 10000 sessions, \d+ with 1000: select/);
    expect(refused).not.toMatch(/refreshes:|logouts:/);
  },
  LIMIT_MS,
);

// Half a minute, most of it processes that start.
it.runIf(process.env['PORTCULLIS_TEST_LONG'] === '1')(
  'measures a verifier, which has to know all that is in force',
  async () => {
    const options = { rounds: 1, short: true, largest: 4, progress };
    const { table, figures } = await VERIFIER.run(options);
    expect(table).toContain('of 20,000');
    expect(figures).toMatchObject({ coldStart: { revocations: 5_000 } });
  },
  LIMIT_MS,
);
