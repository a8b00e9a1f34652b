import { startExpress, startExpress4 } from './express.ts';
import { startFastify } from './fastify.ts';
import type { StartFramework } from './framework.ts';
import { startHono } from './hono.ts';
import { startKoa, startKoa2 } from './koa.ts';
import { startNest, startNestOnFastify } from './nestjs.ts';
import { startNode } from './node.ts';
import { startWeb } from './web.ts';

/** Each way to be protected, but for tRPC, whose answers have an envelope, and sockets, which have none. */
export const FRAMEWORKS = {
  node: startNode,
  web: startWeb,
  express: startExpress,
  'express 4': startExpress4,
  fastify: startFastify,
  hono: startHono,
  koa: startKoa,
  'koa 2': startKoa2,
  nestjs: startNest,
  'nestjs on fastify': startNestOnFastify,
} as const satisfies Record<string, StartFramework>;

export type Framework = keyof typeof FRAMEWORKS;
