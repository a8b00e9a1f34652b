/**
 * The whole stack of this repository's services, its database apart, in one process: once as it is,
 * and twice with the caller taken for granted.
 */
import { createUserRouter, type Profile } from '@portcullis/api';
import { userClaims } from '@portcullis/contracts/schemas';
import {
  createHttpServer,
  createLogger,
  createRegistry,
  Verification,
  type HttpServer,
  type HttpServerOptions,
} from '@portcullis/service';
import { decodeJwt } from 'jose';
import type { Callable, ServerSettings } from './call-settings.ts';
import type { Caller } from './guards.ts';
import { callersOf, forgedBy } from './token-callers.ts';
import type { Served } from './trpc-server.ts';
import { createVerifyingStage } from './verifying-stage.ts';

type Guarded = Pick<HttpServerOptions, 'guard'>;

/** @returns those that are called; ours first, then what it is to be compared with */
export async function serveServices({ revoked, callers }: ServerSettings): Promise<Served> {
  const verification = new Verification(createRegistry('bench'), {});
  const start: typeof verification.start = (options) => verification.start(options);
  const stage = await createVerifyingStage({ alg: 'ES256', revoked, start });
  const users = await callersOf(stage.issuer, callers);
  const claims = userClaims.parse(decodeJwt(users[0]?.headers['authorization'] ?? ''));
  const { guard } = verification;
  const taken: Guarded = {
    guard: { authenticate: () => claims, answerOf: (...refused) => guard.answerOf(...refused) },
  };
  const withToken = users.map(({ headers }) => ({ headers, subject: claims.sub }));
  const forged = await forgedBy(stage.issuer);
  const servers: HttpServer[] = [];

  async function listening(
    name: string,
    options: Guarded,
    called: readonly Caller[],
    refused: Callable['forged'],
  ): Promise<Callable> {
    const server = await serverOf(options);
    servers.push(server);
    const port = Number(new URL(await server.listen({ host: '127.0.0.1', port: 0 })).port);
    const calls = called.map(({ headers, subject }) => ({ headers, body: profileBody(subject) }));
    return { name, port, path: '/trpc/me.get', calls, forged: refused };
  }

  return {
    callables: [
      await listening('portcullis', verification, users, forged),
      await listening('open, the same request', taken, withToken, null),
      await listening('open once more', taken, withToken, null),
    ],
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) await server[Symbol.asyncDispose]();
      await stage[Symbol.asyncDispose]();
    },
  };
}

/** As the user service is made. */
async function serverOf({ guard }: Guarded): Promise<HttpServer> {
  return await createHttpServer({
    title: 'bench',
    version: '0.0.0',
    production: true,
    logger: createLogger({ service: 'bench', level: 'warn' }),
    registry: createRegistry('bench'),
    router: createUserRouter({
      getMe: async ({ caller }) => profileOf(caller.sub),
      updateMe: async ({ caller }) => profileOf(caller.sub),
      events: async function* none() {},
    }),
    readiness: {},
    trustedProxies: [],
    guard,
  });
}

function profileBody(subject: string): string {
  const data = profileOf(userClaims.shape.sub.parse(subject));
  return JSON.stringify({ result: { data } });
}

function profileOf(id: Profile['id']): Profile {
  const at = '2026-01-01T00:00:00.000Z';
  return { id, email: 'ada@example.test', name: 'Ada', created_at: at, updated_at: at };
}
