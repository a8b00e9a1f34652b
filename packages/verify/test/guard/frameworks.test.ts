/** What is each framework's own, beside the answers that all have in common (infra/test/answers). */
import { serve } from '@hono/node-server';
import { applyDecorators, Controller, Get, HttpException, Module } from '@nestjs/common';
import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import express from 'express';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import Koa from 'koa';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { newId, type UserClaims } from '@portcullis/contracts';
import * as ofExpress from '../../src/express/index.ts';
import * as ofFastify from '../../src/fastify/index.ts';
import { createRouteGuard, isUnreadable, type MachineClaims } from '../../src/guard/index.ts';
import * as ofHono from '../../src/hono/index.ts';
import { createVerifier, Refusal, type Verifier } from '../../src/index.ts';
import * as ofKoa from '../../src/koa/index.ts';
import {
  AnswerErrors,
  Caller,
  PortcullisModule,
  Protect,
  Public,
  type PortcullisSettings,
} from '../../src/nestjs/index.ts';
import * as ofNode from '../../src/node/index.ts';
import * as ofWeb from '../../src/web/index.ts';

let issuer: TestIssuer;
let verifier: Verifier;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  issuer = await createTestIssuer();
  verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: issuer.revocations.feed(),
  });
  await verifier.ready();
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});
afterAll(async () => {
  await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

const urlOf = (server: { address(): unknown }): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function listening(server: Server): Promise<string> {
  ends.push(() => server.close());
  ends.push(() => server.closeAllConnections());
  if (!server.listening) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  return urlOf(server);
}

async function ask(url: string, token?: string) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(url, { headers, redirect: 'manual' });
  return { status: answer.status, text: await answer.text() };
}

describe('an error that is the framework’s own is left to it', () => {
  const expectTeapot = async (url: string): Promise<void> => {
    const { status, text } = await ask(url, await issuer.mint());
    expect(status).toBe(418);
    expect(text).not.toContain('"code"');
  };

  it('by Express', async () => {
    const app = express();
    app.get('/', ofExpress.protect(verifier), () => {
      throw Object.assign(new Error('a teapot'), { status: 418, expose: true });
    });
    app.use(ofExpress.answerErrors);
    await expectTeapot(await listening(createServer(app)));
  });

  it('by fastify', async () => {
    const app = fastify().setErrorHandler(ofFastify.answerErrors);
    app.get('/', { onRequest: ofFastify.protect(verifier) }, () => {
      throw Object.assign(new Error('a teapot'), { statusCode: 418 });
    });
    ends.push(async () => app.close());
    await expectTeapot(await app.listen({ port: 0, host: '127.0.0.1' }));
  });

  it('by Hono', async () => {
    const app = new Hono().onError(ofHono.answerErrors);
    app.get('/', ofHono.protect(verifier), () => {
      throw new HTTPException(418, { message: 'a teapot' });
    });
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
    if (!server.listening) await once(server, 'listening');
    ends.push(() => server.close());
    await expectTeapot(urlOf(server));
  });

  it('by Koa', async () => {
    const app = new Koa().use(ofKoa.answerErrors);
    app.use(ofKoa.protect(verifier)).use((ctx) => ctx.throw(418));
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await expectTeapot(await listening(server));
  });
});

describe('what the framework could not read it answers itself, with 400', () => {
  it('by Express', async () => {
    const app = express();
    app.get('/:id', ofExpress.protect(verifier), (_, response) => void response.send('let in'));
    app.use(ofExpress.answerErrors);
    expect(await ask(`${await listening(createServer(app))}/%ff`)).toMatchObject({ status: 400 });
  });

  it('by Koa', async () => {
    const app = new Koa().use(ofKoa.answerErrors);
    app.use(() => {
      throw Object.assign(new SyntaxError('no JSON'), { status: 400 });
    });
    const server = app.on('error', () => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    expect(await ask(await listening(server))).toMatchObject({ status: 400 });
  });
});

describe('what a framework could not read of a request', () => {
  const namedBy = (name: string, status: unknown) =>
    Object.assign(new Error('as the framework has it'), { [name]: status });

  it.each([400, 413, 414, 415, 431])('is said with the status %i', (status) => {
    for (const name of ['status', 'statusCode']) {
      expect(isUnreadable(namedBy(name, status)), name).toBe(true);
    }
  });

  it.each([200, 401, 403, 404, 409, 422, 429, 500, 503, '400', undefined])(
    'is not said with the status %j',
    (status) => {
      for (const name of ['status', 'statusCode']) {
        expect(isUnreadable(namedBy(name, status)), name).toBe(false);
      }
    },
  );

  it('is neither a refusal of that status nor what is no error', () => {
    expect(new Refusal('invalid_request').status).toBe(400);
    for (const other of [new Refusal('invalid_request'), new Error('x'), null, undefined, 400]) {
      expect(isUnreadable(other)).toBe(false);
    }
  });

  it('is no error of a handler that says who may do what: that is a defect', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const app = express();
    app.get('/', ofExpress.protect(verifier), () => {
      throw Object.assign(new Error('private'), { status: 403 });
    });
    app.use(ofExpress.answerErrors);
    const { status, text } = await ask(await listening(createServer(app)), await issuer.mint());
    const { code, message } = new Refusal('internal');
    const request_id = expect.stringMatching(/^req_/);
    expect([status, JSON.parse(text)]).toEqual([500, { code, message, request_id }]);
  });
});

it('a refusal that Koa answers by itself has its status', async () => {
  const app = new Koa().on('error', () => undefined);
  app.use(() => {
    throw new Refusal('not_found');
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  expect(await ask(await listening(server))).toMatchObject({ status: 404 });
});

describe('what a handler has said of its answer before it threw is not said of the refusal', () => {
  const own = { 'content-type': 'text/csv', 'content-length': '3' };
  const refuse = (): never => {
    throw new Refusal('unavailable', { retryAfter: 7 });
  };
  const expectRefusal = async (url: string): Promise<void> => {
    const headers = { authorization: `Bearer ${await issuer.mint()}` };
    const answer = await fetch(url, { headers });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '7']);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    const { code, message } = new Refusal('unavailable');
    expect(await answer.json()).toEqual({ code, message, request_id: expect.any(String) });
  };

  it('with node:http', async () => {
    const guarded = ofNode.protect(verifier)((_, response) => {
      for (const [name, value] of Object.entries(own)) response.setHeader(name, value);
      refuse();
    });
    await expectRefusal(await listening(createServer(guarded)));
  });

  it('with Express', async () => {
    const app = express();
    app.get('/', ofExpress.protect(verifier), (_, response) => {
      response.set(own);
      refuse();
    });
    app.use(ofExpress.answerErrors);
    await expectRefusal(await listening(createServer(app)));
  });

  it('with fastify', async () => {
    const app = fastify().setErrorHandler(ofFastify.answerErrors);
    app.get('/', { onRequest: ofFastify.protect(verifier) }, (_, reply) => {
      reply.headers(own);
      refuse();
    });
    ends.push(async () => app.close());
    await expectRefusal(await app.listen({ port: 0, host: '127.0.0.1' }));
  });

  it('with Koa', async () => {
    const app = new Koa().use(ofKoa.answerErrors);
    app.use(ofKoa.protect(verifier)).use((ctx) => {
      ctx.set(own);
      refuse();
    });
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await expectRefusal(await listening(server));
  });
});

describe('who was let in', () => {
  it('is given by the guard that let them in, and by no other', async () => {
    const [one, other] = [createRouteGuard(verifier), createRouteGuard(verifier)];
    const request = { headers: { authorization: `Bearer ${await issuer.mint()}` } };
    expect(() => one.callerOf(request)).toThrow('not let in');
    const { caller } = await one.admit(request);
    expect(one.callerOf(request)).toBe(caller);
    expect(() => other.callerOf(request)).toThrow('not let in');
    const refused = { headers: { authorization: 'Bearer a.b.c' } };
    await one.admit(refused);
    expect(() => one.callerOf(refused)).toThrow('not let in');
  });

  it('is known by its type', () => {
    const clients = { require: 'client' } as const;
    const request = { headers: {} };
    const users = ofExpress.protect(verifier);
    expectTypeOf<ReturnType<typeof users.callerOf>>().toEqualTypeOf<UserClaims>();
    const machines = ofFastify.protect(verifier, clients);
    expectTypeOf<ReturnType<typeof machines.callerOf>>().toEqualTypeOf<MachineClaims>();
    ofWeb.protect(
      verifier,
      clients,
    )((_: Request, caller) => {
      expectTypeOf(caller).toEqualTypeOf<MachineClaims>();
      return new Response();
    });
    ofNode.protect(verifier)((_, __, caller) => expectTypeOf(caller).toEqualTypeOf<UserClaims>());
    expect(() => users.callerOf(request as never)).toThrow('not let in');
  });
});

describe('with node:http', () => {
  it('an answer that has begun is broken off, and not ended as if it were whole', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const guarded = ofNode.protect(verifier)((_, response) => {
      response.write('half');
      throw new Error('a defect');
    });
    const url = await listening(createServer(guarded));
    await expect(ask(url, await issuer.mint())).rejects.toThrow(TypeError);
    expect(logged).toHaveBeenCalledWith(expect.objectContaining({ message: 'a defect' }));
  });
});

describe('with the platform’s Request', () => {
  it('a handler has what the framework gives beside it, and what it throws goes on', async () => {
    const redirect = new Error('NEXT_REDIRECT');
    const handle = ofWeb.protect(verifier)(async (
      request: Request,
      { sub },
      { params }: { params: { id: string } },
    ) => {
      if (params.id === 'elsewhere') throw redirect;
      return Response.json([new URL(request.url).pathname, sub, params.id]);
    });
    const authorization = `Bearer ${await issuer.mint()}`;
    const request = new Request('http://localhost/orders', { headers: { authorization } });
    const answer = await handle(request, { params: { id: '7' } });
    expect(await answer.json()).toEqual(['/orders', expect.stringMatching(/^usr_/), '7']);
    await expect(handle(request, { params: { id: 'elsewhere' } })).rejects.toBe(redirect);
  });
});

/** As the decorators of a class would, which Node does not read. */
function decorated(
  path: string,
  said: { ofClass?: ClassDecorator; methods: Record<string, MethodDecorator> },
) {
  class Made {
    orders(caller: UserClaims): string {
      return caller.sub;
    }
    open(): string {
      return 'open';
    }
    teapot(): never {
      throw new HttpException('a teapot', 418);
    }
  }
  for (const name of ['orders', 'open', 'teapot']) {
    const method = Object.getOwnPropertyDescriptor(Made.prototype, name) ?? {};
    Get(name)(Made.prototype, name, method);
    said.methods[name]?.(Made.prototype, name, method);
  }
  Caller()(Made.prototype, 'orders', 0);
  said.ofClass?.(Made);
  Controller(path)(Made);
  return Made;
}

describe('with NestJS', () => {
  it('every method is protected but those that are public, as the nearest says', async () => {
    const root = {
      ...PortcullisModule.forRoot(verifier),
      controllers: [
        decorated('plain', { methods: { open: Public() } }),
        decorated('strict', {
          ofClass: Protect({ require: { role: 'admin' } }),
          methods: { orders: Protect({ login: { maxAgeSeconds: 3_600 } }), open: Public() },
        }),
        decorated('stepped', {
          ofClass: Protect({ login: { acr: ['urn:two'] } }),
          methods: { orders: Protect({ login: { maxAgeSeconds: 3_600 } }), open: Public() },
        }),
        decorated('nearer', {
          ofClass: Protect({ require: { role: 'admin' }, login: { maxAgeSeconds: 3_600 } }),
          methods: {
            orders: Protect({ require: 'user' }),
            teapot: Protect({ login: { maxAgeSeconds: 0 } }),
          },
        }),
        decorated('public', {
          ofClass: Public(),
          methods: { orders: Protect({}), teapot: Protect({ require: { role: 'admin' } }) },
        }),
      ],
    };
    const app = await NestFactory.create(root, { logger: false, forceCloseConnections: true });
    app.useGlobalFilters(new AnswerErrors(app.get(HttpAdapterHost)));
    await app.listen(0, '127.0.0.1');
    ends.push(async () => app.close());
    const url = urlOf(app.getHttpServer());
    const [user, admin] = [await issuer.mint(), await issuer.mint({ roles: ['admin'] })];
    const rows: [string, number, number, number][] = [
      // Of nobody, a user and an administrator.
      ['plain/orders', 401, 200, 200],
      ['plain/open', 200, 200, 200],
      ['plain/teapot', 401, 418, 418],
      // A demand of the class stands beside that of the method.
      ['strict/orders', 401, 403, 200],
      ['strict/teapot', 401, 403, 418],
      ['strict/open', 200, 200, 200],
      ['stepped/orders', 401, 401, 401],
      ['stepped/teapot', 401, 401, 401],
      ['stepped/open', 200, 200, 200],
      // Of one demand, that of the method stands.
      ['nearer/orders', 401, 200, 200],
      ['nearer/teapot', 401, 403, 401],
      ['nearer/open', 401, 403, 200],
      ['public/orders', 401, 200, 200],
      ['public/open', 200, 200, 200],
      ['public/teapot', 401, 403, 418],
    ];
    for (const [path, ...expected] of rows) {
      const found = [undefined, user, admin].map(async (token) => ask(`${url}/${path}`, token));
      expect(
        (await Promise.all(found)).map(({ status }) => status),
        path,
      ).toEqual(expected);
    }
  });

  it('of a verifier that is made asynchronously, with what was injected, every method is protected', async () => {
    class Settings {
      require = { role: 'admin' } as const;
    }
    // oxlint-disable-next-line typescript/no-extraneous-class -- what Nest calls a module is a class
    class SettingsModule {}
    Module({ providers: [Settings], exports: [Settings] })(SettingsModule);
    let made = 0;
    const root = {
      ...PortcullisModule.forRootAsync({
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: async ({ require }: Settings) => {
          await delay(20);
          made += 1;
          return { verifier, options: { require } };
        },
      }),
      controllers: [
        decorated('plain', { methods: { open: Public() } }),
        decorated('users', { ofClass: Protect({ require: 'user' }), methods: {} }),
      ],
    };
    const app = await NestFactory.create(root, { logger: false, forceCloseConnections: true });
    await app.listen(0, '127.0.0.1');
    ends.push(async () => app.close());
    const url = urlOf(app.getHttpServer());
    const sid = newId('ses');
    const [user, admin] = [await issuer.mint({ sid }), await issuer.mint({ roles: ['admin'] })];
    const rows: [string, number, number, number][] = [
      ['plain/orders', 401, 403, 200],
      ['plain/open', 200, 200, 200],
      ['users/orders', 401, 200, 200],
    ];
    for (const [path, ...expected] of rows) {
      const found = [undefined, user, admin].map(async (token) => ask(`${url}/${path}`, token));
      expect(
        (await Promise.all(found)).map(({ status }) => status),
        path,
      ).toEqual(expected);
    }
    issuer.revocations.revoke({ kind: 'session', key: sid });
    expect(await ask(`${url}/users/orders`, user)).toMatchObject({ status: 401 });
    expect(made).toBe(1);
  });

  it('does not start when its verifier or its options cannot be had', async () => {
    const create = async (useFactory: () => Promise<PortcullisSettings>) =>
      NestFactory.create(PortcullisModule.forRootAsync({ useFactory }), {
        logger: false,
        abortOnError: false,
      });
    const fault = new Error('no verifier');
    await expect(create(async () => Promise.reject(fault))).rejects.toBe(fault);
    const options = JSON.parse('{"require":{"role":"Root"}}');
    await expect(create(async () => ({ verifier, options }))).rejects.toThrow(/require.role/);
    const none = JSON.parse('{}');
    await expect(create(async () => none)).rejects.toThrow(TypeError);
  });

  it('what could not be read is answered as Nest does, with 400 or 413', async () => {
    const root = {
      ...PortcullisModule.forRoot(verifier),
      controllers: [decorated(':id', { methods: { open: Public() } })],
    };
    const app = await NestFactory.create(root, { logger: false, forceCloseConnections: true });
    app.useGlobalFilters(new AnswerErrors(app.get(HttpAdapterHost)));
    await app.listen(0, '127.0.0.1');
    ends.push(async () => app.close());
    const url = urlOf(app.getHttpServer());
    expect(await ask(`${url}/7/open`)).toMatchObject({ status: 200 });
    expect(await ask(`${url}/%ff/open`)).toMatchObject({ status: 400 });
    const post = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const long = JSON.stringify({ text: 'x'.repeat(200_000) });
    expect((await fetch(`${url}/7/open`, { ...post, body: long })).status).toBe(413);
    expect((await fetch(`${url}/7/open`, { ...post, body: '{' })).status).toBe(400);
  });

  it('an option that cannot be meant is a TypeError when the class is made', () => {
    const wrong = JSON.parse('{"require":{"role":"Root"}}');
    expect(() => Protect(wrong)).toThrow(TypeError);
    expect(() => PortcullisModule.forRoot(verifier, wrong)).toThrow(TypeError);
    expect(() => Protect({ login: { maxAgeSeconds: 60 } })).not.toThrow();
  });

  it('two that say something about one method or class are a TypeError: one of them would be lost', () => {
    const twice = applyDecorators(Public(), Protect({ require: { role: 'admin' } }));
    for (const said of [{ methods: { orders: twice } }, { ofClass: twice, methods: {} }]) {
      expect(() => decorated('twice', said)).toThrow(TypeError);
      expect(() => decorated('twice', said)).toThrow(/say it once/);
    }
  });
});

it('an option that cannot be meant is a TypeError at once, of each', () => {
  const wrong = JSON.parse('{"requires":"user"}');
  for (const { protect } of [ofExpress, ofFastify, ofHono, ofKoa, ofNode, ofWeb]) {
    expect(() => protect(verifier, wrong)).toThrow(/^guard: requires has to be left out/);
  }
});

it('a check that fails is a defect, and lets no caller in', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const broken = { verifyMaybeSync: () => Promise.reject(new Error('a defect')) };
  const app = express();
  app.get('/', ofExpress.protect(broken), (_, response) => void response.send('let in'));
  app.use(ofExpress.answerErrors);
  const { status, text } = await ask(await listening(createServer(app)), 'a.b.c');
  const { code, message } = new Refusal('internal');
  const request_id = expect.stringMatching(/^req_/);
  expect([status, JSON.parse(text)]).toEqual([500, { code, message, request_id }]);
});

describe('a refusal names the request as the app around the guard does', () => {
  const idsOf = async (url: string) => {
    const answer = await fetch(url);
    const { request_id: id } = JSON.parse(await answer.text());
    return [answer.status, id, answer.headers.get('x-request-id')];
  };
  const name = 'of-the-app';
  const expected = [401, name, name];

  it('with Express, by the header of its answer or by what it calls the request', async () => {
    const app = express();
    app.use('/answer', (_, response, next) => {
      response.set('x-request-id', name);
      next();
    });
    app.use('/request', (request, _, next) => {
      Object.assign(request, { id: name });
      next();
    });
    app.use(ofExpress.protect(verifier));
    const url = await listening(createServer(app));
    expect(await idsOf(`${url}/answer`)).toEqual(expected);
    expect(await idsOf(`${url}/request`)).toEqual(expected);
  });

  it('with Koa', async () => {
    const app = new Koa();
    app.use(async (ctx, next) => {
      ctx.set('x-request-id', name);
      await next();
    });
    const server = app.use(ofKoa.protect(verifier)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    expect(await idsOf(await listening(server))).toEqual(expected);
  });

  it('with Hono, by its own middleware', async () => {
    const app = new Hono().use(async (c, next) => {
      c.set('requestId' as never, name as never);
      await next();
    });
    app.get('/', ofHono.protect(verifier), (c) => c.text(''));
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
    if (!server.listening) await once(server, 'listening');
    ends.push(() => server.close());
    expect(await idsOf(urlOf(server))).toEqual(expected);
  });

  it('with fastify, by its own ids', async () => {
    const app = fastify({ genReqId: () => name });
    app.get('/', { onRequest: ofFastify.protect(verifier) }, () => '');
    ends.push(async () => app.close());
    expect(await idsOf(await app.listen({ port: 0, host: '127.0.0.1' }))).toEqual(expected);
  });

  it.each(['of the\napp', 'x'.repeat(5_000)])(
    'but not where no header should have it',
    async (id) => {
      const app = fastify({ genReqId: () => id });
      app.get('/', { onRequest: ofFastify.protect(verifier) }, () => '');
      ends.push(async () => app.close());
      const [status, inBody, inHeader] = await idsOf(
        await app.listen({ port: 0, host: '127.0.0.1' }),
      );
      expect([status, inHeader]).toEqual([401, inBody]);
      expect(inBody).toMatch(/^req_/);
    },
  );
});
