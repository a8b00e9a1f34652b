/** Both sides of a group of operations: what an administrator calls, and what admin then calls at auth. */
import type { AnyTRPCProcedure, TRPCMutationProcedure, TRPCQueryProcedure } from '@trpc/server';
import type * as z from 'zod';
import type { MachineCall, UserCall } from '../context.ts';
import { machineProcedure, permittedProcedure } from '../procedures.ts';
import type { ProcedureMeta } from '../route.ts';
import {
  acting,
  type ChangeCall,
  type ChangeOperation,
  type Operation,
  type Operations,
} from './operation.ts';

/** What a caller gives. */
type Given<Op> = Op extends { input: infer Schema extends z.ZodType } ? z.input<Schema> : void;
/** What admin gives auth of a change. */
type GivenActing<Op> = Op extends { input: infer Schema extends z.ZodType }
  ? z.input<Schema> & z.input<typeof acting>
  : z.input<typeof acting>;

export interface Form<Op extends Operation, Input> {
  input: Input;
  output: z.infer<Op['output']>;
  meta: ProcedureMeta;
}

export type PermittedProcedures<Group extends Operations> = {
  [Name in keyof Group]: Group[Name] extends ChangeOperation
    ? TRPCMutationProcedure<Form<Group[Name], Given<Group[Name]>>>
    : TRPCQueryProcedure<Form<Group[Name], Given<Group[Name]>>>;
};

export type MachineProcedures<Group extends Operations> = {
  [Name in keyof Group]: Group[Name] extends ChangeOperation
    ? TRPCMutationProcedure<Form<Group[Name], GivenActing<Group[Name]>>>
    : TRPCQueryProcedure<Form<Group[Name], Given<Group[Name]>>>;
};

/** How auth is asked; the answer is checked here. Throws the `Refusal` that the administrator gets. */
export interface AskAuth {
  query(call: UserCall, path: string, input: unknown): Promise<unknown>;
  mutation(call: UserCall, path: string, input: unknown): Promise<unknown>;
}

/** Any verb; see `VerbOf`. */
type Perform = {
  perform(call: MachineCall | ChangeCall<unknown>, input: unknown): Promise<unknown>;
}['perform'];

/** For administrators: each asks auth for the operation of its name. */
export function permittedProcedures<Group extends Operations>(
  groupName: string,
  group: Group,
  auth: AskAuth,
): PermittedProcedures<Group> {
  return each(group, (operation, name) => {
    const { permission, input: schema, output, route } = operation;
    const path = `${groupName}.${name}`;
    const bare = permittedProcedure(permission).meta({ route }).output(output);
    if (isChange(operation)) {
      const change = (ctx: UserCall, input: object) =>
        auth.mutation(ctx, path, { ...input, actor: ctx.caller.sub });
      return schema === undefined
        ? bare.mutation(({ ctx }) => change(ctx, {}))
        : bare.input(schema).mutation(({ ctx, input }) => change(ctx, input));
    }
    return schema === undefined
      ? bare.query(({ ctx }) => auth.query(ctx, path, undefined))
      : bare.input(schema).query(({ ctx, input }) => auth.query(ctx, path, input));
  });
}

/** For machine clients: each is done by the verb of its name. */
export function machineProcedures<Group extends Operations>(
  group: Group,
  verbs: Readonly<Record<keyof Group, Perform>>,
): MachineProcedures<Group> {
  return each(group, (operation, name) => {
    const { permission, input: schema, output } = operation;
    const perform: Perform = (call, input) => verbs[name](call, input);
    const bare = machineProcedure(permission).output(output);
    if (isChange(operation)) {
      const { audit } = operation;
      return bare
        .input(schema === undefined ? acting : schema.extend(acting.shape))
        .mutation(({ ctx: { request, caller }, input }) =>
          perform({ request, caller, permission, audit }, input),
        );
    }
    return schema === undefined
      ? bare.query(({ ctx }) => perform(ctx, undefined))
      : bare.input(schema).query(({ ctx, input }) => perform(ctx, input));
  });
}

function isChange(operation: Operation): operation is ChangeOperation {
  return 'audit' in operation;
}

/**
 * The same done with each operation of a group, whose `Made` is what the callers say.
 *
 * The one cast: to TypeScript an object that is filled name by name has any names, and the types of
 * tRPC's builder stay open while a schema is a type parameter. packages/api/test/operations.test.ts holds
 * the types to those of procedures written out.
 */
function each<Group extends Record<keyof Group, Operation>, Made extends object>(
  group: Group,
  make: (operation: Operation, name: keyof Group & string) => AnyTRPCProcedure,
): Made {
  const made: Record<string, AnyTRPCProcedure> = {};
  for (const name in group) made[name] = make(group[name], name);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one procedure a name, of the kind and schemas that it is declared with
  return made as Made;
}
