/** What the endpoints of OAuth answer to what is no error of OAuth, by the guard's rules for headers. */
import { router } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import {
  createHttpServer,
  createLogger,
  createRegistry,
  createServiceGuard,
  type HttpServer,
} from '@portcullis/service';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { answerOAuthError } from '../../src/oauth/oauth-error.ts';

let server: HttpServer;
let thrown: Refusal;

beforeAll(async () => {
  const verifyMaybeSync = () => Promise.reject(new Refusal('invalid_token'));
  server = await createHttpServer({
    title: 'Endpoints of OAuth',
    version: '0',
    production: true,
    logger: createLogger({ service: 'oauth', level: 'silent' }),
    registry: createRegistry('oauth'),
    router: router({}),
    guard: createServiceGuard({ verifyMaybeSync }, {}),
    readiness: {},
    trustedProxies: [],
    rawRoutes(app) {
      app.post('/oauth2/token', async (request, reply) => {
        answerOAuthError(thrown, request, reply);
        return reply;
      });
    },
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

it.each<[Refusal, number, string, string | undefined]>([
  [new Refusal('rate_limited', { retryAfter: 6.2 }), 429, 'temporarily_unavailable', '7'],
  [new Refusal('unavailable'), 503, 'temporarily_unavailable', '1'],
  [new Refusal('overloaded', { retryAfter: 0.2 }), 503, 'temporarily_unavailable', '1'],
  [new Refusal('invalid_dpop_proof'), 400, 'invalid_dpop_proof', undefined],
])('%s', async (refusal, status, error, retryAfter) => {
  thrown = refusal;
  const answer = await server.app.inject({ method: 'POST', url: '/oauth2/token' });
  expect(answer.statusCode).toBe(status);
  expect(answer.json()).toMatchObject({ error });
  expect(answer.headers['retry-after']).toBe(retryAfter);
  expect(answer.headers['www-authenticate']).toBeUndefined();
});

it('gives the next nonce with the demand for it, and no challenge', async () => {
  thrown = new Refusal('use_dpop_nonce', { dpopNonce: 'n1' });
  const { statusCode, headers } = await server.app.inject({
    method: 'POST',
    url: '/oauth2/token',
  });
  expect([statusCode, headers['dpop-nonce'], headers['www-authenticate']]).toEqual([
    400,
    'n1',
    undefined,
  ]);
});
