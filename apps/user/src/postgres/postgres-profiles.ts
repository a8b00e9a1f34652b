/** Each operation is one statement, so that two events at once cannot interleave. */
import type { UserId } from '@portcullis/contracts';
import { userId } from '@portcullis/contracts/schemas';
import { and, asc, eq, gt, isNull, lt, or, sql } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { Found, Profiles, Reconcilable, StoredProfile } from '../profile/profiles.ts';
import { profiles } from './schema.ts';

export function postgresProfiles(db: PostgresJsDatabase): Profiles {
  return {
    find: async (id) => foundIn(await rowOf(db, id)),
    rename: async (id, name, at) => await rename(db, id, name, at),
    page: async (after, limit) => await page(db, after, limit),
    correctEmail: async (read, email) => await correctEmail(db, read, email),
    create: async (profile) => await create(db, profile),
    readdress: async (id, email, at) => await readdress(db, id, email, at),
    bury: async (id, at) => await bury(db, id, at),
  };
}

async function rowOf(db: PostgresJsDatabase, id: UserId) {
  const [row] = await db.select().from(profiles).where(eq(profiles.userId, id));
  return row;
}

function foundIn(row: typeof profiles.$inferSelect | undefined): Found {
  if (row === undefined) return undefined;
  if (row.deletedAt !== null || row.email === null) return 'deleted';
  const { email, name, createdAt, updatedAt } = row;
  return { id: userId.parse(row.userId), email, name, createdAt, updatedAt };
}

async function rename(
  db: PostgresJsDatabase,
  id: UserId,
  name: string | null,
  at: Date,
): Promise<Found> {
  const [row] = await db
    .update(profiles)
    .set({
      name,
      nameAt: at,
      updatedAt: sql`greatest(${profiles.updatedAt}, ${sql.param(at, profiles.updatedAt)})`,
    })
    .where(
      and(
        eq(profiles.userId, id),
        isNull(profiles.deletedAt),
        or(isNull(profiles.nameAt), lt(profiles.nameAt, at)),
      ),
    )
    .returning();
  if (row !== undefined) return foundIn(row);
  const known = await rowOf(db, id);
  // One that arrived between the two statements is not renamed yet: "unknown", so that the caller asks again.
  const arrived = known?.deletedAt === null && (known.nameAt === null || known.nameAt < at);
  // Otherwise a later name is known already, or there is nothing to rename.
  return arrived ? undefined : foundIn(known);
}

async function page(
  db: PostgresJsDatabase,
  after: UserId | undefined,
  limit: number,
): Promise<Reconcilable[]> {
  const rows = await db
    .select()
    .from(profiles)
    .where(
      and(isNull(profiles.deletedAt), after === undefined ? undefined : gt(profiles.userId, after)),
    )
    .orderBy(asc(profiles.userId))
    .limit(limit);
  return rows.flatMap(({ userId: id, email, emailAt, name, nameAt }) =>
    email === null ? [] : [{ id: userId.parse(id), email, emailAt, name, nameAt }],
  );
}

async function correctEmail(
  db: PostgresJsDatabase,
  { id, email: before, emailAt }: Reconcilable,
  email: string,
): Promise<boolean> {
  const asItWas = emailAt === null ? isNull(profiles.emailAt) : eq(profiles.emailAt, emailAt);
  const rows = await db
    .update(profiles)
    .set({ email, updatedAt: sql`now()` })
    .where(and(eq(profiles.userId, id), eq(profiles.email, before), asItWas))
    .returning({ id: profiles.userId });
  return rows.length > 0;
}

async function create(
  db: PostgresJsDatabase,
  { id, email, name, createdAt }: Omit<StoredProfile, 'updatedAt'>,
): Promise<void> {
  await db
    .insert(profiles)
    .values({ userId: id, email, name, createdAt, updatedAt: createdAt })
    .onConflictDoUpdate({
      target: profiles.userId,
      // It began with a change of the address, which came first.
      set: {
        name: sql`case when ${profiles.nameAt} is null
          then coalesce(${profiles.name}, ${name}) else ${profiles.name} end`,
        createdAt,
      },
      setWhere: sql`${profiles.deletedAt} is null and ${gt(profiles.createdAt, createdAt)}`,
    });
}

async function readdress(
  db: PostgresJsDatabase,
  id: UserId,
  email: string,
  at: Date,
): Promise<void> {
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
}

async function bury(db: PostgresJsDatabase, id: UserId, at: Date): Promise<void> {
  const tombstone = {
    email: null,
    emailAt: null,
    name: null,
    nameAt: null,
    updatedAt: at,
    deletedAt: at,
  };
  await db
    .insert(profiles)
    .values({ userId: id, createdAt: at, ...tombstone })
    .onConflictDoUpdate({
      target: profiles.userId,
      set: tombstone,
      // The first deletion stays as it is, however often the event comes.
      setWhere: isNull(profiles.deletedAt),
    });
}
