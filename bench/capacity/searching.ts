import { aligned, show } from '../table.ts';
import type { Measurement } from './measurement.ts';
import { measureSearches, type Searched } from './search.ts';
import { startSubject, type Subject, type SubjectOptions } from './subject.ts';

/** Beside a commit that may read all accounts for a query, fewer: it has 10 s for each. */
const ACCOUNTS = { alone: 1_000_000, beside: 100_000, short: 2_000 };
const SHORT_QUERIES = 40;

export const SEARCHES: Measurement = {
  name: 'searches',
  about: '500 searches for users by 2 to 20 characters in several scripts, each answer compared',
  async run({ short, checkout, progress }) {
    const wanted: SubjectOptions[] = [{ name: 'ours' }];
    if (checkout !== undefined) wanted.push({ name: 'former', checkout });
    const accounts = ACCOUNTS[short ? 'short' : checkout === undefined ? 'alone' : 'beside'];
    const subjects = new Array<Subject>();
    try {
      for (const options of wanted) subjects.push(await startSubject(options));
      const searched: Searched[] = [];
      for (const { name, url, databaseUrl, addClient } of subjects) {
        const authorization = await addClient('cli_capacity', 'users:read');
        searched.push({ name, url, databaseUrl, authorization });
      }
      const few = short ? { queries: SHORT_QUERIES } : {};
      const measured = await measureSearches(searched, { accounts, progress, ...few });
      const head = ['accounts', 'subject', 'p50', 'p95', 'most'];
      const rows = Array.from(measured, ([name, { p50, p95, max }]) => [
        String(accounts),
        name,
        ...[p50, p95, max].map((ms) => `${show(ms)} ms`),
      ]);
      return { table: aligned([head, ...rows]), figures: Object.fromEntries(measured) };
    } finally {
      for (const subject of subjects) await subject[Symbol.asyncDispose]();
    }
  },
};
