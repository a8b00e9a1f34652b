/**
 * better-auth as its documentation sets it up: drizzle on Postgres, e-mail and password, the session
 * in a signed cookie. Its tables are those that its own generator writes.
 */
import { betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { relations } from 'drizzle-orm';
import { boolean, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/postgres-js';
import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import type { Caller, Guard } from './guards.ts';

const TABLES = `
  create table "user" (id text primary key, name text not null, email text not null unique,
    email_verified boolean not null default false, image text,
    created_at timestamp not null default now(), updated_at timestamp not null default now());
  create table session (id text primary key, expires_at timestamp not null,
    token text not null unique, created_at timestamp not null default now(),
    updated_at timestamp not null, ip_address text, user_agent text,
    user_id text not null references "user" (id) on delete cascade);
  create index session_user_id on session (user_id);
  create table account (id text primary key, account_id text not null, provider_id text not null,
    user_id text not null references "user" (id) on delete cascade, access_token text,
    refresh_token text, id_token text, access_token_expires_at timestamp,
    refresh_token_expires_at timestamp, scope text, password text,
    created_at timestamp not null default now(), updated_at timestamp not null);
  create index account_user_id on account (user_id);
  create table verification (id text primary key, identifier text not null, value text not null,
    expires_at timestamp not null, created_at timestamp not null default now(),
    updated_at timestamp not null default now());`;

const user = pgTable('user', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  email: text('email').notNull().unique(),
  emailVerified: boolean('email_verified').default(false).notNull(),
  image: text('image'),
  createdAt: timestamp('created_at').defaultNow().notNull(),
  updatedAt: timestamp('updated_at').defaultNow().notNull(),
});
const session = pgTable('session', {
  id: text('id').primaryKey(),
  expiresAt: timestamp('expires_at').notNull(),
  token: text('token').notNull().unique(),
  createdAt: timestamp('created_at').defaultNow().notNull(),
  updatedAt: timestamp('updated_at').notNull(),
  ipAddress: text('ip_address'),
  userAgent: text('user_agent'),
  userId: text('user_id').notNull(),
});
const account = pgTable('account', {
  id: text('id').primaryKey(),
  accountId: text('account_id').notNull(),
  providerId: text('provider_id').notNull(),
  userId: text('user_id').notNull(),
  accessToken: text('access_token'),
  refreshToken: text('refresh_token'),
  idToken: text('id_token'),
  accessTokenExpiresAt: timestamp('access_token_expires_at'),
  refreshTokenExpiresAt: timestamp('refresh_token_expires_at'),
  scope: text('scope'),
  password: text('password'),
  createdAt: timestamp('created_at').defaultNow().notNull(),
  updatedAt: timestamp('updated_at').notNull(),
});
const verification = pgTable('verification', {
  id: text('id').primaryKey(),
  identifier: text('identifier').notNull(),
  value: text('value').notNull(),
  expiresAt: timestamp('expires_at').notNull(),
  createdAt: timestamp('created_at').defaultNow().notNull(),
  updatedAt: timestamp('updated_at').defaultNow().notNull(),
});
const schema = {
  user,
  session,
  account,
  verification,
  // So that a session comes with its user in one query.
  userRelations: relations(user, ({ many }) => ({ sessions: many(session) })),
  sessionRelations: relations(session, ({ one }) => ({
    user: one(user, { fields: [session.userId], references: [user.id] }),
  })),
};

/** @param cookieCache trusts a copy of the session in a second cookie for five minutes, revoked or not */
export async function betterAuthGuard(
  count: number,
  databaseUrl: string,
  { cookieCache }: { cookieCache: boolean },
): Promise<Guard> {
  const sql = postgres(databaseUrl, { onnotice: () => {} });
  await sql.unsafe(TABLES);
  const auth = betterAuth({
    baseURL: 'http://127.0.0.1',
    secret: randomBytes(32).toString('base64url'),
    database: drizzleAdapter(drizzle(sql, { schema }), { provider: 'pg', schema }),
    advanced: { database: { joins: true } },
    session: { cookieCache: { enabled: cookieCache, maxAge: 3_600 } },
    emailAndPassword: {
      enabled: true,
      // Quick, since no user logs in while something is measured.
      password: {
        hash: async (password) => password,
        verify: async ({ hash, password }) => hash === password,
      },
    },
    telemetry: { enabled: false },
    logger: { level: 'error' },
  });
  const signUp = async (): Promise<Caller> => {
    const name = randomBytes(8).toString('hex');
    const body = { name, email: `${name}@example.test`, password: `password of ${name}` };
    const { headers, response } = await auth.api.signUpEmail({ body, returnHeaders: true });
    const cookies = headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0] ?? '');
    return { subject: response.user.id, headers: { cookie: cookies.join('; ') } };
  };
  const callers: Caller[] = [];
  for (let i = 0; i < count; i += 1) callers.push(await signUp());
  return {
    callers,
    forged: forgedFrom(callers),
    identify: async ({ headers: { cookie = '' } }) => {
      const found = await auth.api.getSession({ headers: new Headers({ cookie }) });
      return found?.user.id;
    },
    [Symbol.asyncDispose]: async () => {
      await sql.end();
    },
  };
}

/** The first caller's cookies, with a session token that the server has not signed. */
function forgedFrom([first]: readonly Caller[]): Readonly<Record<string, string>> {
  const cookie = first?.headers['cookie'] ?? '';
  const forged = cookie.replace(/session_token=.{8}/, 'session_token=aaaaaaaa');
  if (forged === cookie) throw new Error('no session token among the cookies');
  return { cookie: forged };
}
