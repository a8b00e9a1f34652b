/**
 * Plain HTTP from the same procedures as tRPC: the same schemas, the same access checks, the same
 * code. Written here because the library for it switches coercion on in the schemas that it serves,
 * for tRPC callers too: `"false"` became true.
 */
import { callTRPCProcedure, type AnyTRPCRouter } from '@trpc/server';
import type { FastifyInstance } from 'fastify';
import { requestContext, type Identification } from '../http/request-context.ts';
import { withinBound } from '../http/time-bound.ts';
import { readInput } from './read-input.ts';
import type { RoutedProcedure } from './routed-procedures.ts';

export interface RestOptions {
  router: AnyTRPCRouter;
  procedures: readonly RoutedProcedure[];
  identification: Identification;
}

export function addRestRoutes(app: FastifyInstance, options: RestOptions): void {
  for (const procedure of options.procedures) {
    app.route({
      method: procedure.route.method,
      url: procedure.route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      handler: async (request, reply) => {
        const ctx = requestContext(request, reply, options.identification);
        // tRPC never asks for the input of a procedure that takes none.
        if (procedure.input === undefined) readInput(procedure, request);
        const answer: unknown = await withinBound(
          callTRPCProcedure({
            router: options.router,
            path: procedure.procedure,
            type: procedure.type,
            ctx,
            // Read when tRPC asks for it, which is after the access check: a client without access
            // learns nothing of the operation's input.
            getRawInput: async () => readInput(procedure, request),
            signal: ctx.signal,
            batchIndex: 0,
          }),
        );
        return reply.code(procedure.route.status ?? 200).send(answer ?? {});
      },
    });
  }
}
