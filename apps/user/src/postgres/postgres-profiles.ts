/** Each operation is one statement, so that two events at once cannot interleave. */
import { userId } from '@portcullis/contracts';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { Found, Profiles } from '../profile/profiles.ts';
import { profiles } from './schema.ts';

export function postgresProfiles(db: PostgresJsDatabase): Profiles {
  const find: Profiles['find'] = async (id) => {
    const [row] = await db.select().from(profiles).where(eq(profiles.userId, id));
    return foundIn(row);
  };
  return {
    find,
    async rename(id, name) {
      const [row] = await db
        .update(profiles)
        .set({ name, updatedAt: sql`now()` })
        .where(and(eq(profiles.userId, id), isNull(profiles.deletedAt)))
        .returning();
      if (row !== undefined) return foundIn(row);
      // One that arrived between the two statements is not renamed yet: "unknown", so that the caller asks again.
      return (await find(id)) === 'deleted' ? 'deleted' : undefined;
    },
    async create({ id, email, name, createdAt }) {
      await db
        .insert(profiles)
        .values({ userId: id, email, name, createdAt, updatedAt: createdAt })
        .onConflictDoNothing();
    },
    async bury(id, at) {
      const tombstone = { email: null, name: null, updatedAt: at, deletedAt: at };
      await db
        .insert(profiles)
        .values({ userId: id, createdAt: at, ...tombstone })
        .onConflictDoUpdate({
          target: profiles.userId,
          set: tombstone,
          // The first deletion stays as it is, however often it is heard of.
          setWhere: isNull(profiles.deletedAt),
        });
    },
  };
}

function foundIn(row: typeof profiles.$inferSelect | undefined): Found {
  if (row === undefined) return undefined;
  if (row.deletedAt !== null || row.email === null) return 'deleted';
  const { email, name, createdAt, updatedAt } = row;
  return { id: userId.parse(row.userId), email, name, createdAt, updatedAt };
}
