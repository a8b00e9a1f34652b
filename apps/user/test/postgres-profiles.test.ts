/** What the store promises while events and requests meet. */
import { newId } from '@portcullis/contracts';
import { appDatabase, createTestBed } from '@portcullis/testbed';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase } from '../src/postgres/database.ts';
import { postgresProfiles } from '../src/postgres/postgres-profiles.ts';

const ROUNDS = 300;

let bed: Awaited<ReturnType<typeof makeBed>>;
const makeBed = () => createTestBed({ databases: { user: appDatabase('user') } });
beforeAll(async () => {
  bed = await makeBed();
});
afterAll(() => bed.dispose());

it('never answers a renaming that did not happen, while the profile is arriving', async () => {
  await using database = openDatabase(bed.databaseUrls.user);
  const profiles = postgresProfiles(database.db);
  const wrong = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const id = newId('usr');
    const arrival = { id, email: 'ada@example.test', name: 'Ada', createdAt: new Date() };
    const [renamed] = await Promise.all([
      profiles.rename(id, 'Mine', new Date()),
      profiles.create(arrival),
    ]);
    const kept = await profiles.find(id);
    if (renamed !== undefined && (kept === undefined || kept === 'deleted' || kept.name !== 'Mine'))
      wrong.push({ round, renamed, kept });
  }
  expect(wrong).toEqual([]);
});

it('keeps the latest name, in whatever order names arrive, and none of before the profile', async () => {
  await using database = openDatabase(bed.databaseUrls.user);
  const profiles = postgresProfiles(database.db);
  const id = newId('usr');
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));
  const arrival = { id, email: 'ada@example.test', name: 'Ada', createdAt: at(0) };
  expect(await profiles.rename(id, 'Third', at(3))).toBeUndefined();
  await profiles.create(arrival);
  await profiles.rename(id, 'Third', at(3));
  expect(await profiles.rename(id, 'Second', at(2))).toMatchObject({ name: 'Third' });
  await profiles.rename(id, null, at(4));
  // The registration comes once more, after the name was taken away.
  await profiles.create({ ...arrival, createdAt: at(-1) });
  expect(await profiles.find(id)).toMatchObject({ name: null });
});
