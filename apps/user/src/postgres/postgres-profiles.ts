/** Each operation is one statement, so that two events at once cannot interleave. */
import { userId } from '@portcullis/contracts';
import { and, eq, gt, isNull, lt, sql } from 'drizzle-orm';
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
        .onConflictDoUpdate({
          target: profiles.userId,
          // It began with a change of the address, which came first.
          set: { name: sql`coalesce(${profiles.name}, ${name})`, createdAt },
          setWhere: sql`${profiles.deletedAt} is null and ${gt(profiles.createdAt, createdAt)}`,
        });
    },
    async readdress(id, email, at) {
      const state = { email, emailAt: at, updatedAt: at };
      await db
        .insert(profiles)
        .values({ userId: id, createdAt: at, ...state })
        .onConflictDoUpdate({
          target: profiles.userId,
          set: state,
          setWhere: sql`${profiles.deletedAt} is null
            and (${profiles.emailAt} is null or ${lt(profiles.emailAt, at)})`,
        });
    },
    async bury(id, at) {
      const tombstone = { email: null, emailAt: null, name: null, updatedAt: at, deletedAt: at };
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
