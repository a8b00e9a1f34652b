/** What the list of operations is made into has the types that tRPC infers of a procedure written out. */
import { userId } from '@portcullis/contracts/schemas';
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';
import { expect, expectTypeOf, test } from 'vitest';
import * as z from 'zod';
import { createAdminRouter, type AdminRouter } from '../src/admin.ts';
import { createAuthRouter, type AuthRouter } from '../src/auth.ts';
import * as accounts from '../src/operations/accounts.ts';
import * as clients from '../src/operations/clients.ts';
import { rotatedKey } from '../src/operations/keys.ts';
import { verifierList } from '../src/operations/verifiers.ts';
import { machineProcedure, permittedProcedure, router } from '../src/procedures.ts';

const never = async (): Promise<never> => {
  throw new Error('is not called');
};
const actor = { actor: userId };

const admin = router({
  users: router({
    list: permittedProcedure('users:read')
      .input(accounts.listAccountsInput)
      .output(accounts.accountPage)
      .query(never),
    setRoles: permittedProcedure('roles:write')
      .input(accounts.rolesInput)
      .output(accounts.accountChange)
      .mutation(never),
    delete: permittedProcedure('users:delete')
      .input(accounts.accountChangeInput)
      .output(accounts.accountDeleted)
      .mutation(never),
  }),
  verifiers: router({
    list: permittedProcedure('verifiers:read').output(verifierList).query(never),
  }),
  keys: router({ rotate: permittedProcedure('keys:write').output(rotatedKey).mutation(never) }),
});

const auth = router({
  accounts: router({
    list: machineProcedure('users:read')
      .input(accounts.listAccountsInput)
      .output(accounts.accountPage)
      .query(never),
    setRoles: machineProcedure('roles:write')
      .input(accounts.rolesInput.extend(actor))
      .output(accounts.accountChange)
      .mutation(never),
  }),
  keys: router({
    rotate: machineProcedure('keys:write')
      .input(z.strictObject(actor))
      .output(rotatedKey)
      .mutation(never),
  }),
  clients: router({
    create: machineProcedure('clients:write')
      .input(clients.createClientInput.extend(actor))
      .output(clients.createdClient)
      .mutation(never),
  }),
});

test('inputs and outputs at admin', () => {
  type Inputs = inferRouterInputs<AdminRouter>;
  type Outputs = inferRouterOutputs<AdminRouter>;
  type WrittenInputs = inferRouterInputs<typeof admin>;
  type WrittenOutputs = inferRouterOutputs<typeof admin>;
  expectTypeOf<Inputs['users']['list']>().toEqualTypeOf<WrittenInputs['users']['list']>();
  expectTypeOf<Inputs['users']['setRoles']>().toEqualTypeOf<WrittenInputs['users']['setRoles']>();
  expectTypeOf<Inputs['users']['delete']>().toEqualTypeOf<WrittenInputs['users']['delete']>();
  expectTypeOf<Inputs['verifiers']['list']>().toEqualTypeOf<WrittenInputs['verifiers']['list']>();
  expectTypeOf<Inputs['keys']['rotate']>().toEqualTypeOf<WrittenInputs['keys']['rotate']>();
  expectTypeOf<Outputs['users']['list']>().toEqualTypeOf<WrittenOutputs['users']['list']>();
  expectTypeOf<Outputs['users']['setRoles']>().toEqualTypeOf<WrittenOutputs['users']['setRoles']>();
  expectTypeOf<Outputs['users']['delete']>().toEqualTypeOf<WrittenOutputs['users']['delete']>();
  expectTypeOf<Outputs['verifiers']['list']>().toEqualTypeOf<WrittenOutputs['verifiers']['list']>();
  expectTypeOf<Outputs['keys']['rotate']>().toEqualTypeOf<WrittenOutputs['keys']['rotate']>();
});

test('inputs and outputs at auth, where changes name the administrator', () => {
  type Inputs = inferRouterInputs<AuthRouter>;
  type Outputs = inferRouterOutputs<AuthRouter>;
  type WrittenInputs = inferRouterInputs<typeof auth>;
  type WrittenOutputs = inferRouterOutputs<typeof auth>;
  expectTypeOf<Inputs['accounts']['list']>().toEqualTypeOf<WrittenInputs['accounts']['list']>();
  expectTypeOf<Inputs['keys']['rotate']>().toEqualTypeOf<WrittenInputs['keys']['rotate']>();
  expectTypeOf<Outputs['accounts']['list']>().toEqualTypeOf<WrittenOutputs['accounts']['list']>();
  expectTypeOf<Outputs['clients']['create']>().toEqualTypeOf<WrittenOutputs['clients']['create']>();
  // Intersections here, one object there: each is taken for the other.
  type Roles = Inputs['accounts']['setRoles'];
  type Client = Inputs['clients']['create'];
  expectTypeOf<Roles>().branded.toEqualTypeOf<WrittenInputs['accounts']['setRoles']>();
  expectTypeOf<Client>().branded.toEqualTypeOf<WrittenInputs['clients']['create']>();
});

test('what is called a query or a mutation is one', () => {
  const nothing = { query: never, mutation: never };
  const procedures = {
    ...createAdminRouter(nothing)._def.record,
    ...createAuthRouter({ administration: {} } as never)._def.record,
  };
  const kinds = {
    'users.list': procedures.users.list._def.type satisfies 'query',
    'users.delete': procedures.users.delete._def.type satisfies 'mutation',
    'accounts.get': procedures.accounts.get._def.type satisfies 'query',
    'accounts.remove': procedures.accounts.remove._def.type satisfies 'mutation',
  };
  expect(kinds).toEqual({
    'users.list': 'query',
    'users.delete': 'mutation',
    'accounts.get': 'query',
    'accounts.remove': 'mutation',
  });
});
