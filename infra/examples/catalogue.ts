/** The projects in `examples`, and what each is asked. */
import { match } from 'node:assert/strict';
import type { RunningExample } from './running-example.ts';
import { protectsRoute } from './protects-route.ts';
import { cutsAtLogout, clientPrints } from './chat.ts';
import { exposeClient, servesPage } from './page.ts';

export interface Example {
  /** Of its folder. */
  name: string;
  /** Made to its copy, of which this is the folder, before that is built. */
  change?: (folder: string) => void;
  /** @returns what is said beside its line */
  tryOut: (example: RunningExample) => Promise<string>;
}

const ofRoute = (name: string, path = '/orders'): Example => ({
  name,
  tryOut: (example) => protectsRoute(example, path),
});

/** The fastest first. */
export const EXAMPLES: readonly Example[] = [
  ofRoute('express'),
  ofRoute('fastify'),
  ofRoute('koa'),
  ofRoute('nestjs'),
  ofRoute('migration'),
  {
    name: 'recipes',
    tryOut: async (example) => {
      const said = await protectsRoute(example, '/');
      match(await example.run('test'), /^# pass 2$/m);
      return `${said}; its tests pass`;
    },
  },
  {
    name: 'trpc',
    tryOut: async (example) =>
      `${await protectsRoute(example, '/mine')}; ${await clientPrints(example, [
        /^Ada has ordered a lantern$/m,
        /^(\d) of \1 verifiers refuse her token$/m,
        /^Ada has to log in again$/m,
      ])}`,
  },
  {
    name: 'chat',
    tryOut: async (example) =>
      `${await cutsAtLogout(example)}; ${await clientPrints(example, [
        /^usr_\w+: good evening$/m,
        /^closed with 4401: the session is over$/m,
      ])}`,
  },
  {
    name: 'hono-react',
    change: exposeClient,
    tryOut: async (example) =>
      `${await protectsRoute(example, '/orders')}; ${await servesPage(example)}`,
  },
];
