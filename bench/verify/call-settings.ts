/** What a server that is called is given and may be asked, and the same of its callers. */
import { z } from 'zod';

/**
 * The library's own HTTP server with procedures of ours, the same guarded by better-auth, or the whole
 * stack of this repository.
 */
export const stackName = z.enum(['trpc', 'better-auth', 'service']);
export type StackName = z.infer<typeof stackName>;

/** When the procedure answers; the stack of this repository has its own. */
export const procedureName = z.enum(['at-once', 'next-turn']);
export type ProcedureName = z.infer<typeof procedureName>;

export const serverSettings = z.object({
  stack: stackName,
  procedure: procedureName,
  /** Users, each with a session of its own. */
  callers: z.number(),
  /** Revocations in force, for those who know of any. */
  revoked: z.number(),
  redisUrl: z.string(),
  /** Of keys in Redis. */
  prefix: z.string(),
  /** One for each of those who keep sessions in PostgreSQL. */
  databaseUrls: z.object({
    sessions: z.string(),
    betterAuth: z.string(),
    betterAuthCookieCache: z.string(),
  }),
});
export type ServerSettings = z.infer<typeof serverSettings>;

/** A request, and the only body that is an answer to it. */
export const call = z.object({ headers: z.record(z.string(), z.string()), body: z.string() });

/** One of the contenders in a server's process. */
export const callable = z.object({
  name: z.string(),
  port: z.number(),
  path: z.string(),
  calls: z.array(call).min(1),
  /** Must be refused; null for a contender that refuses no caller. */
  forged: z.record(z.string(), z.string()).nullable(),
});
export type Callable = z.infer<typeof callable>;

export const serverQuestion = z.enum(['start', 'processor']);
/** Microseconds of processor time that the server has used. */
export const processorTime = z.number();

export const loadQuestion = z.object({
  port: z.number(),
  path: z.string(),
  calls: z.array(call).min(1),
  /** Open at once, each with one request after the other. */
  connections: z.number(),
  /** For how long requests are begun, and how many at the least, however long those take. */
  ms: z.number(),
  atLeast: z.number(),
});
export type LoadQuestion = z.infer<typeof loadQuestion>;

export const loadResult = z.object({ calls: z.number(), ms: z.number() });
export type LoadResult = z.infer<typeof loadResult>;
