import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const journal = z.looseObject({ entries: z.array(z.looseObject({ tag: z.string() })) });

/** A folder of migrations as it was when the last of these was written. */
export async function folderUpTo(
  folder: string,
  count: number,
): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'portcullis-migrations-'));
  const text = await readFile(join(folder, 'meta', '_journal.json'), 'utf8');
  const all = journal.parse(JSON.parse(text));
  const entries = all.entries.slice(0, count);
  await mkdir(join(path, 'meta'));
  await writeFile(join(path, 'meta', '_journal.json'), JSON.stringify({ ...all, entries }));
  for (const { tag } of entries) {
    await copyFile(join(folder, `${tag}.sql`), join(path, `${tag}.sql`));
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
