/** A setting that is a file: what is said of a reading that does not come into force. */
import { createLogger } from '@portcullis/service';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FollowedFile } from '../../src/config/followed-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-followed-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

it('a fault that is none of the file is said to be none, without what the file says, which comes into force after it', async () => {
  const file = join(folder, 'roles.json');
  await writeFile(file, '{"number":1}');
  const lines: string[] = [];
  const logger = createLogger({
    service: 'auth',
    level: 'info',
    destination: { write: (line: string) => lines.push(line) },
  });
  let isAway = true;
  const taken: string[] = [];
  const take = (text: string) => {
    if (isAway) throw new Error('Failed query: update access_mapping\nparams: what the file says');
    if (text === 'wrong') return 'number: is missing';
    taken.push(text);
    return undefined;
  };
  await using followed = new FollowedFile({ setting: 'PORTCULLIS_CONFIG', file, take }, logger);
  await followed.read();
  await followed.read();
  expect(followed.unusable()).toBe(true);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({
      problem: 'Failed query: update access_mapping',
      msg: expect.stringMatching(/^PORTCULLIS_CONFIG_FILE is not in force yet, by no fault of the/),
    }),
  ]);
  isAway = false;
  await followed.read();
  expect({ taken, unusable: followed.unusable() }).toEqual({
    taken: ['{"number":1}'],
    unusable: false,
  });
  await writeFile(file, 'wrong');
  await followed.read();
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({
    problem: 'number: is missing',
    msg: 'PORTCULLIS_CONFIG_FILE cannot be used; what it said goes on to hold',
  });
});
