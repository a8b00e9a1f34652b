export { parseBusAddress } from './bus/credentials.ts';
export { ConfigurationError, readConfig, type Environment } from './config/read-config.ts';
export { databaseUrl, isWellKnown, secret } from './config/secret.ts';
export { cookieSettings } from './config/cookie-settings.ts';
export type { CookieSettings } from './http/exchange.ts';
export { flag } from './config/flag.ts';
export { securedAddress, tlsFields, tlsFilesOf, type TlsSettings } from './config/tls-fields.ts';
export {
  httpUrl,
  integer,
  isProduction,
  publicUrlsOf,
  serviceFields,
} from './config/service-fields.ts';
export {
  authUrl,
  clientFields,
  verifiedServiceConfig,
  verifiedServiceFields,
} from './config/verified-service-fields.ts';
export { FormBody } from './http/body-parsers.ts';
export { parseMembers, RepeatedMember } from './http/members.ts';
export { answerRefusal, noteRefusal } from './http/answer-refusal.ts';
export { refusalOfHttp } from './http/framework-errors.ts';
export { createServiceGuard, type ServiceGuard } from './service-guard.ts';
export { requestContext, type ProvePossession } from './http/request-context.ts';
export type { ReadinessCheck, ReadinessChecks } from './http/readiness.ts';
export { Impaired, NotReady } from './not-ready.ts';
export { createHttpServer, type HttpServer, type HttpServerOptions } from './server.ts';
export { createLogger, describeError, type Logger } from './logger.ts';
export { createRegistry, type Registry } from './metrics/registry.ts';
export type { PathItems } from './openapi/document.ts';
export { toJsonSchema } from './rest/routed-procedures.ts';
export type { TlsFiles } from './tls/followed-context.ts';
export { redisTls } from './tls/peer-tls.ts';
export { securedFetch } from './tls/secured-fetch.ts';
export { Outage, type OutageOptions } from './outage.ts';
export { Outages, type OutagesOptions } from './outages.ts';
export { BoundedLines } from './bounded-lines.ts';
export { Disposal } from './process/disposal.ts';
export { serveUntilSignal, type Running } from './process/serve.ts';
export type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
export { LazyNatsConnection } from './bus/lazy-nats-connection.ts';
export { connectBus, type Bus, type BusOptions } from './bus/connect.ts';
export { observeVerifier, verifierHasKeys, verifierIsFresh } from './metrics/verifier-metrics.ts';
export { Verification } from './verification.ts';
export { observeConsumer } from './metrics/consumer-metrics.ts';
export {
  createVerifiedServiceParts,
  serveVerifiedService,
  type VerifiedServiceParts,
} from './verified-service.ts';
