/**
 * An operation of an administrator, declared once. The admin service offers it to users at its route and
 * asks auth for it by its name; auth has a verb for it. `procedures.ts` makes both sides from here.
 */
import type { Permission } from '@portcullis/contracts';
import { userId } from '@portcullis/contracts/schemas';
import * as z from 'zod';
import type { MachineCall } from '../context.ts';
import type { Route } from '../route.ts';

interface Declared {
  /** Demanded of the administrator by admin, and of its machine client by auth. */
  permission: Permission;
  /** Left out where there is none. */
  input?: z.ZodObject;
  output: z.ZodType;
}

/** One that changes nothing. */
export interface ReadOperation extends Declared {
  /** At the admin service. */
  route: Route & { method: 'GET' };
}

/** One that is done in the name of the administrator. */
export interface ChangeOperation extends Declared {
  /** At the admin service. */
  route: Route & { method: Exclude<Route['method'], 'GET'> };
  /** The action in the audit trail; more than one, by a name each, where it depends on the input. */
  audit: string | Readonly<Record<string, string>>;
}

export type Operation = ReadOperation | ChangeOperation;
/** A group, by the names that auth knows them by. */
export type Operations = Readonly<Record<string, Operation>>;

/** Whom a machine client acts for. */
export const acting = z.strictObject({ actor: userId });
type Acting = z.infer<typeof acting>;

/** What the verb of a change gets, beside its input. */
export interface ChangeCall<Audit = string> extends MachineCall {
  /** What the administrator must hold, in the transaction of the change. */
  permission: Permission;
  /** As the operation declares it. */
  audit: Audit;
}

type InputOf<Op> = Op extends { input: infer Schema extends z.ZodType } ? z.infer<Schema> : unknown;

/**
 * What auth has for an operation. A method, whose parameters TypeScript compares both ways: each verb is
 * called with what the schema of its own operation has read, and the router does not know which.
 */
export type VerbOf<Op extends Operation> = Op extends ChangeOperation
  ? {
      perform(
        call: ChangeCall<Op['audit']>,
        input: InputOf<Op> & Acting,
      ): Promise<z.infer<Op['output']>>;
    }['perform']
  : { perform(call: MachineCall, input: InputOf<Op>): Promise<z.infer<Op['output']>> }['perform'];

export type VerbsOf<Group extends Operations> = { [Name in keyof Group]: VerbOf<Group[Name]> };
