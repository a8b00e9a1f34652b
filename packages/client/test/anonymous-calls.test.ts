/** Which calls take no token is the routers' word, and the SDK's list says the same. */
import { createAdminRouter, createAuthRouter, createUserRouter } from '@portcullis/api';
import { expect, test } from 'vitest';
import { ANONYMOUS } from '../src/router-client.ts';

test('the calls that take no token are those that the routers call public', () => {
  const routers = [
    createAuthRouter({ administration: {} } as never),
    createUserRouter({} as never),
    createAdminRouter({} as never),
  ];
  const procedures = routers.flatMap((router) => Object.entries<any>(router._def.procedures));
  const isPublic = (procedure: any): boolean => procedure._def.meta?.route?.public === true;
  const named = procedures.filter(([, procedure]) => isPublic(procedure)).map(([name]) => name);
  expect(named.toSorted()).toEqual([...ANONYMOUS].toSorted());
});
