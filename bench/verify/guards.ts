/**
 * Ways to find out who calls a tRPC procedure, each in its leanest form, with callers who are let in
 * and one who is not. What they guard is the same.
 */
import { newId, type UserId } from '@portcullis/contracts';
import type { GuardedContext } from '@portcullis/verify/trpc';
import { initTRPC, TRPCError } from '@trpc/server';
import { Redis } from 'ioredis';
import type { IncomingHttpHeaders } from 'node:http';
import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import postgres from 'postgres';
import type { ProcedureName, ServerSettings } from './call-settings.ts';

/** The context of the router. */
export interface CallContext extends GuardedContext {
  authorization: string | undefined;
  headers: IncomingHttpHeaders;
}

export interface Caller {
  readonly headers: Readonly<Record<string, string>>;
  readonly subject: string;
}

export interface Guard extends AsyncDisposable {
  readonly callers: readonly Caller[];
  readonly forged: Readonly<Record<string, string>>;
  /** @returns whose call it is; undefined for a call of no user */
  identify(context: CallContext): Promise<string | undefined>;
}

const t = initTRPC.context<CallContext>().create();

/** The procedure, for those who are let in. */
export function guarded({ identify }: Guard, ordersOf: OrdersOf) {
  const procedure = t.procedure.use(async ({ ctx, next }) => {
    const subject = await identify(ctx);
    if (subject === undefined) throw new TRPCError({ code: 'UNAUTHORIZED' });
    return await next({ ctx: { subject } });
  });
  return procedure.query(({ ctx }) => ordersOf(ctx.subject));
}

/** What is guarded. */
export type OrdersOf = (subject: string) => string | Promise<string>;

/**
 * Waits for nothing, or for one turn of the event loop, as it would for its own database: what follows
 * is then done for all requests at hand together, under any guard. Which of the two it is decides who
 * is ahead, so both are measured: where it waits for nothing, a guard that waits is faster than none.
 */
export const ORDERS_OF: Readonly<Record<ProcedureName, OrdersOf>> = {
  'at-once': answerFor,
  'next-turn': async (subject) => {
    await nextTurn();
    return answerFor(subject);
  },
};

export function answerFor(subject: string): string {
  return `the orders of ${subject}`;
}

/** A session in Redis: it is there, or it is not. */
export async function redisGuard(settings: ServerSettings): Promise<Guard> {
  const { callers: count, redisUrl, prefix } = settings;
  // What is asked while others are on their way goes with the next packet.
  const redis = new Redis(redisUrl, { enableAutoPipelining: true });
  const keyOf = (credential: string): string => `${prefix}:session:${credential}`;
  const callers = users(count);
  for (const { subject, secret } of callers) {
    await redis.set(keyOf(`${subject}.${secret}`), 1, 'EX', 3_600);
  }
  return {
    callers: callers.map(({ subject, secret }) => ({
      subject,
      headers: bearer(`${subject}.${secret}`),
    })),
    forged: bearer(`${newId('usr')}.${secretOf()}`),
    identify: async ({ authorization = '' }) => {
      const credential = authorization.slice('Bearer '.length);
      const exists = await redis.exists(keyOf(credential));
      return exists === 1 ? credential.slice(0, credential.indexOf('.')) : undefined;
    },
    [Symbol.asyncDispose]: async () => {
      await redis.quit();
    },
  };
}

/** A session in Postgres: a row by its primary key, with a statement that is prepared. */
export async function postgresGuard(count: number, databaseUrl: string): Promise<Guard> {
  const sql = postgres(databaseUrl, { onnotice: () => {} });
  const callers = users(count);
  await sql`create table sessions
    (secret text primary key, subject text not null, expires_at timestamptz not null)`;
  const rows = callers.map(({ subject, secret }) => ({
    secret,
    subject,
    expires_at: new Date(Date.now() + 3_600_000),
  }));
  await sql`insert into sessions ${sql(rows)}`;
  return {
    callers: callers.map(({ subject, secret }) => ({ subject, headers: bearer(secret) })),
    forged: bearer(secretOf()),
    identify: async ({ authorization = '' }) => {
      const secret = authorization.slice('Bearer '.length);
      const [row] = await sql<{ subject: string }[]>`
        select subject from sessions where secret = ${secret} and expires_at > now()`;
      return row?.subject;
    },
    [Symbol.asyncDispose]: async () => {
      await sql.end();
    },
  };
}

export function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}

function users(count: number): { subject: UserId; secret: string }[] {
  return Array.from({ length: count }, () => ({ subject: newId('usr'), secret: secretOf() }));
}

function secretOf(): string {
  return randomBytes(32).toString('base64url');
}
