/** What `npm run capacity -- size` prints is the sum of its constants, and docs/capacity.md says the same. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '@portcullis/testbed';
import { expect, it } from 'vitest';
import * as constants from '../capacity/sizing/constants.ts';
import { sizeText } from '../capacity/sizing/print.ts';
import { sizingOf } from '../capacity/sizing/sizing.ts';

const page = readFileSync(join(repositoryRoot, 'docs/capacity.md'), 'utf8');

/** A login and a logout a second, and of all else round numbers too. */
const DEMAND = {
  users: 1_000_000,
  loginsAnHour: 3_600,
  verifiers: 500,
  refreshesALogin: 6,
  instances: 2,
  regions: 1,
};

it('adds up the constants', () => {
  const { PROCESSOR_MS: auth, DATABASE_MS: database, ROW_BYTES: bytes } = constants;
  const { cores, memory, disk, messages, rates } = sizingOf(DEMAND);
  expect(rates).toEqual({ logins: 1, refreshes: 6, logouts: 1, grants: 300 });
  const inAuth =
    auth.login + 6 * auth.refresh + auth.logout + 300 * auth.grant + 2 * 500 * auth.confirmation;
  expect(cores.hashing).toBeCloseTo(auth.hash / 500, 9);
  expect(cores.auth).toBeCloseTo(inAuth / 500, 9);
  expect(cores.PostgreSQL).toBeCloseTo(
    (database.login + 6 * database.refresh + database.logout + 300 * database.grant) / 500,
    9,
  );
  expect(cores.all).toBeCloseTo(cores.hashing + cores.auth + cores.PostgreSQL, 9);
  const ledger = (1_500 * constants.LEDGER_BYTES) / 2 ** 20;
  expect(memory.verifier).toBeCloseTo(ledger, 9);
  expect(memory.auth).toBeCloseTo(constants.RESTING_MIB.auth + constants.HASH_MIB + ledger, 9);
  const trail = bytes.audit_log + bytes.audit_origins;
  expect(disk.all).toBeCloseTo(
    1_000_000 * bytes.users +
      86_400 * 31 * 1.5 * bytes.sessions +
      1_500 * 1.5 * bytes.revocation_log +
      2 * 86_400 * 365 * trail,
    0,
  );
  expect(messages).toEqual({ all: 2_600, grants: 600, pushes: 1_000, confirmations: 1_000 });
});

it('prints these sums', () => {
  const { cores, disk } = sizingOf(DEMAND);
  const text = sizeText(DEMAND);
  expect(text).toContain(`all ${Number(cores.all.toPrecision(2))}, hashing`);
  expect(text).toContain(`all ${Number((disk.all / 1e9).toPrecision(3))} GB, users 396 MB`);
  expect(text).toContain('worked out, and not measured: 2 instances of auth');
});

it('is what docs/capacity.md shows', () => {
  const shown = [...page.matchAll(/^npm run capacity -- size(.*)\n```\n+```text\n([^`]*)```/gm)];
  expect(shown.length).toBeGreaterThanOrEqual(3);
  for (const [, words = '', text = ''] of shown) {
    const names = ['users', 'logins-an-hour', 'verifiers', 'refreshes', 'instances', 'regions'];
    const { values } = parseArgs({
      args: words.trim().split(' '),
      options: Object.fromEntries(names.map((name) => [name, { type: 'string' } as const])),
    });
    const given = (name: string, otherwise: number): number => Number(values[name] ?? otherwise);
    const demand = {
      users: given('users', 10_000),
      loginsAnHour: given('logins-an-hour', 1_000),
      verifiers: given('verifiers', 3),
      refreshesALogin: given('refreshes', 6),
      instances: given('instances', 2),
      regions: given('regions', 1),
    };
    expect(text.trimEnd()).toBe(sizeText(demand));
  }
});

it.each(Object.entries(constants.ROW_BYTES))(
  'takes the bytes of a row of %s from there',
  (table, bytes) => {
    expect(page).toMatch(new RegExp(`^\\| \`${table}\` +\\| \\d+ +\\| ${bytes} +\\|`, 'm'));
  },
);
