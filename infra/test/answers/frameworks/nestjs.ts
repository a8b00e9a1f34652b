/** NestJS on Express and on fastify. */
import {
  All,
  Controller,
  type DynamicModule,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { AccessTokenClaims } from '@portcullis/verify/guard';
import { AnswerErrors, Caller, PortcullisModule, Protect } from '@portcullis/verify/nestjs';
import { PREFIX, type Guarded, type Route, type StartFramework } from './framework.ts';

function moduleOf({ verifier, common, routes }: Guarded): DynamicModule {
  const guards = PortcullisModule.forRoot(verifier, common);
  return { ...guards, controllers: routes.map(controllerOf) };
}

/** As decorators would make it, which are not of the language that Node reads. */
function controllerOf({ name, options, handle }: Route): Type {
  class Guarding {
    answer(caller: AccessTokenClaims): object {
      return handle(caller);
    }
  }
  const { prototype } = Guarding;
  const method = Object.getOwnPropertyDescriptor(prototype, 'answer') ?? {};
  All(name)(prototype, 'answer', method);
  Protect(options)(prototype, 'answer', method);
  Caller()(prototype, 'answer', 0);
  Controller(PREFIX)(Guarding);
  return Guarding;
}

async function start(app: INestApplication, port: number): Promise<() => Promise<unknown>> {
  app.useGlobalFilters(new AnswerErrors(app.get(HttpAdapterHost)));
  await app.listen(port, '127.0.0.1');
  return async () => app.close();
}

const QUIET = { logger: false, forceCloseConnections: true } as const;

export const startNest: StartFramework = async (guarded) =>
  start(await NestFactory.create(moduleOf(guarded), new ExpressAdapter(), QUIET), guarded.port);

export const startNestOnFastify: StartFramework = async (guarded) =>
  start(await NestFactory.create(moduleOf(guarded), new FastifyAdapter(), QUIET), guarded.port);
