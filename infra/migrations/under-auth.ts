/** The indexes once more, beside the auth service itself: users log in, refresh and log out. */
import { readMigrations } from '@portcullis/service/postgres';
import { nodeWords, repositoryRoot, run, startAuth, type TestBed } from '@portcullis/testbed';
import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { z } from 'zod';
import type { Size } from './apply-each.ts';
import type { Request } from './load.ts';
import type { Tried } from './offences.ts';
import { tryMigration } from './try-migration.ts';

const USERS = 6;
const tokens = z.object({ access_token: z.string(), refresh_token: z.string() });

/** @param bed whose database has every migration */
export async function underAuth(bed: TestBed<'auth' | 'user'>, { beforeMs }: Size): Promise<Tried> {
  const url = bed.databaseUrls.auth;
  const migrate = async (): Promise<void> => {
    await run(
      {
        name: 'migrate',
        command: process.execPath,
        args: nodeWords('apps/auth/src/commands/migrate.ts'),
        env: { NODE_ENV: 'test', DATABASE_URL: url },
      },
      180_000,
    );
  };
  await migrate(); // what everything counts on
  await using auth = await startAuth(bed);
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    for (const { when, indexes = [] } of await readMigrations(
      `${repositoryRoot}/apps/auth/migrations`,
    )) {
      if (indexes.length === 0) continue;
      for (const index of indexes) await sql`drop index concurrently ${sql(index)}`;
      await sql`delete from drizzle.__drizzle_migrations where created_at = ${when}`;
    }
    return await tryMigration({
      name: 'auth serves, all indexes',
      requests: await Promise.all(Array.from({ length: USERS }, () => aUser(auth.url))),
      observer: sql,
      application: 'portcullis-auth-migrate',
      beforeMs,
      migrate,
    });
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Who logs in, refreshes twice, logs out, and begins again. */
async function aUser(url: string): Promise<Request> {
  const email = `${randomBytes(6).toString('hex')}@example.test`;
  const account = { email, password: randomBytes(18).toString('base64url') };
  const post = async (path: string, body: unknown, token?: string) => {
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as unknown };
  };
  await post('/v1/register', { ...account, name: 'Ada' });
  let held: z.infer<typeof tokens> | undefined;
  let step = 0;
  return async () => {
    step = held === undefined ? 0 : (step + 1) % 4;
    if (held !== undefined && step === 3) {
      const { status } = await post('/v1/logout?wait=0', {}, held.access_token);
      held = undefined;
      return status === 200 ? undefined : String(status);
    }
    const { status, body } =
      held === undefined
        ? await post('/v1/login', account)
        : await post('/v1/refresh', { refresh_token: held.refresh_token });
    if (status !== 200) return String(status);
    held = tokens.parse(body);
    return undefined;
  };
}
