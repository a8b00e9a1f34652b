/**
 * The HTTP edge of a service: the same procedures over tRPC and plain HTTP, the operators' routes,
 * the document, and one form for every error.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { AnyTRPCRouter } from '@trpc/server';
import type { Registry } from 'prom-client';
import type { Logger } from './logger.ts';
import { Outages } from './outages.ts';
import { httpMetrics, observeStreams } from './metrics/http-metrics.ts';
import { observeRefusals } from './metrics/refusal-metrics.ts';
import { addDocsPage } from './openapi/docs-page.ts';
import type { ServiceGuard } from './service-guard.ts';
import { openApiDocument, type PathItems } from './openapi/document.ts';
import { addRestRoutes } from './rest/rest.ts';
import { routedProcedures } from './rest/routed-procedures.ts';
import { addTrpcRoutes } from './trpc.ts';
import { answerRefusal } from './http/answer-refusal.ts';
import {
  allowOrigins,
  answerPreflight,
  crossOriginHeaders,
  isPreflight,
} from './http/allow-origins.ts';
import { addBodyParsers } from './http/body-parsers.ts';
import * as bounds from './http/bounds.ts';
import { answerClientErrors, refuseExpectation } from './http/client-errors.ts';
import { RequestsOfSockets } from './http/sender.ts';
import { InFlight } from './http/drain.ts';
import { exchangeOf, type CookieSettings } from './http/exchange.ts';
import type { ProvePossession } from './http/request-context.ts';
import { refusalOfHttp } from './http/framework-errors.ts';
import { answerUnknownRoutes } from './http/known-methods.ts';
import { OpenStreams } from './http/open-streams.ts';
import { addOperationRoutes } from './http/operations.ts';
import { ReadinessProbe, type ReadinessChecks } from './http/readiness.ts';
import { refuseIllFormed } from './http/ill-formed.ts';
import { requestIdOf } from './http/request-id.ts';
import { LoggedPaths } from './http/logged-path.ts';
import { logRequests } from './http/request-log.ts';
import { securityHeaders } from './http/security-headers.ts';
import { withinBound } from './http/time-bound.ts';
import { guardCookies } from './http/token-cookies.ts';

export interface HttpServerOptions {
  /** As it stands in the document: `Portcullis user service`. */
  title: string;
  version: string;
  production: boolean;
  logger: Logger;
  registry: Registry;
  /** A router of @portcullis/api: its procedures carry their routes. */
  router: AnyTRPCRouter;
  /** Lets requests in, and answers those that are refused. A router with subscriptions needs one that watches. */
  guard: ServiceGuard;
  /** For services that bind tokens to keys. */
  provePossession?: ProvePossession;
  readiness: ReadinessChecks;
  /** Where an unavailable part is reported. */
  outages?: Outages;
  /** Addresses and CIDR blocks whose forwarded headers are believed. */
  trustedProxies: readonly string[];
  /** Cookie mode; the `__Host-` form, and no origin but the service's own, unless given. */
  cookies?: CookieSettings;
  /** Adds routes that are no procedures; they get the same parsers, headers, log and errors. */
  rawRoutes?: (app: FastifyInstance) => void;
  /** Their part of the document. */
  rawPaths?: PathItems;
  /** Milliseconds from "not ready" until no connection is taken; 0 unless given. */
  drainDelayMs?: number;
}

export interface HttpServer extends AsyncDisposable {
  /** @returns the address that is listened on, such as `http://127.0.0.1:4001` */
  listen(where: { host: string; port: number }): Promise<string>;
  /**
   * Not ready any more; after the drain delay no new connections; what is under way is finished.
   *
   * @param atOnce without the delay: what has failed takes no more than it must
   */
  drain(how?: { atOnce: boolean }): Promise<void>;
  /** For tests. */
  readonly app: FastifyInstance;
}

export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { logger, registry } = options;
  const headers = securityHeaders(options.production);
  const metrics = httpMetrics(registry);
  const inFlight = new InFlight();
  const { guard } = options;
  const streams = new OpenStreams(guard);
  observeStreams(registry, streams);
  const refusals = observeRefusals(registry, logger);
  const app = bareServer(options, headers);

  const outages = options.outages ?? new Outages({ logger, needed: 'unknown' });
  app.addHook('onRequest', async (request, reply) => {
    const exchange = exchangeOf(request);
    exchange.outages = outages;
    exchange.guard = guard;
    exchange.refusals = refusals;
    reply.headers({ ...headers, 'x-request-id': request.id });
  });
  app.addHook('onClose', async () => refusals.close());
  refuseIllFormed(app);
  logRequests(app, metrics, new LoggedPaths(app, Object.keys(options.router._def.procedures)));
  inFlight.watch(app, metrics);
  allowOrigins(app, options.cookies ?? {});
  guardCookies(app, options.cookies ?? {});
  addBodyParsers(app);
  answerUnknownRoutes(app);
  app.setErrorHandler((error, request, reply) =>
    answerRefusal(request, reply, refusalOfHttp(error)),
  );

  const readiness = new ReadinessProbe(options.readiness, logger);
  addOperationRoutes(app, { readiness, registry, inFlight });
  const procedures = routedProcedures(options.router);
  const { router, title, version } = options;
  addRestRoutes(app, { router, procedures, identification: options });
  addTrpcRoutes(app, { router, identification: options, streams });
  addRawRoutes(app, options.rawRoutes);
  const extraPaths = options.rawPaths ?? {};
  const document = openApiDocument({ title, version, procedures, extraPaths });
  app.get('/openapi.json', async () => document);
  addDocsPage(app, title);

  await app.ready();
  return {
    app,
    listen: async (where) => {
      const address = await app.listen(where);
      logger.info({ address }, 'listening');
      return address;
    },
    drain: async ({ atOnce } = { atOnce: false }) => {
      inFlight.announce();
      if (!atOnce) await sleep(options.drainDelayMs ?? 0);
      streams.endAll();
      await inFlight.drain(app);
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}

/** Under the same bound on their work as procedures. */
function addRawRoutes(app: FastifyInstance, add: HttpServerOptions['rawRoutes']): void {
  app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      const { handler } = route;
      route.handler = async function bounded(request, reply) {
        return await withinBound(Promise.resolve(handler.call(this, request, reply)));
      };
    });
    add?.(scope);
  });
}

const noJsonSchemas = (): never => {
  throw new TypeError(
    'routes carry no JSON schema: zod reads what comes, and JSON.stringify writes',
  );
};

/** In place of fastify's own compilers, 600 KB of source that each start would load and never use. */
const NO_JSON_SCHEMAS = { buildValidator: noJsonSchemas, buildSerializer: noJsonSchemas };

function bareServer(options: HttpServerOptions, headers: ReturnType<typeof securityHeaders>) {
  const loggerInstance: FastifyBaseLogger = options.logger;
  const cookies = options.cookies ?? {};
  const requests = new RequestsOfSockets();
  const early = { headers, cookies };
  const app: FastifyInstance = fastify({
    loggerInstance,
    // Requests are logged by `logRequests`: the framework's own lines hold the query.
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'request_id',
    }),
    genReqId: requestIdOf,
    requestIdHeader: false,
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    bodyLimit: bounds.MAX_BODY,
    requestTimeout: bounds.REQUEST_TIMEOUT_MS,
    keepAliveTimeout: bounds.KEEP_ALIVE_TIMEOUT_MS,
    // Open streams would keep `close` waiting for ever; what is short has been waited for by then.
    forceCloseConnections: true,
    routerOptions: { maxParamLength: bounds.MAX_PATH_PARAMETER },
    schemaController: { compilersFactory: NO_JSON_SCHEMAS },
    http: {
      maxHeaderSize: bounds.MAX_HEADERS,
      // Refused by `refuseIllFormed` instead, in the same form as everything else.
      requireHostHeader: false,
      headersTimeout: bounds.HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: bounds.TIMEOUT_CHECK_INTERVAL_MS,
    },
    clientErrorHandler: answerClientErrors(options.logger, { ...early, requests }),
    frameworkErrors: (error, request, reply) => {
      reply.headers({ ...headers, 'x-request-id': request.id });
      reply.headers(crossOriginHeaders(cookies, request.headers.origin));
      if (isPreflight(request, cookies)) answerPreflight(reply, cookies);
      else answerRefusal(request, reply, refusalOfHttp(error));
    },
  });
  app.server.maxConnections = bounds.MAX_CONNECTIONS;
  requests.watch(app.server);
  app.server.on('checkExpectation', refuseExpectation(early));
  return app;
}
