import type { Administration } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import { permissionsAmong, scopesOf } from '../access/present-access.ts';
import {
  lockActor,
  requireHeld,
  withClientDetail,
  type Acting,
} from '../administration/acting-administrator.ts';
import { clients } from '../database/schema/index.ts';
import { causeOfUser } from '../change/cause.ts';
import type { WithChange } from '../change/unit-of-work.ts';
import { clientOfRow } from './client-of-row.ts';
import { newSecret, hashClientSecret } from './secret-hash.ts';

export interface CreateClientDependencies {
  withChange: WithChange;
}

/**
 * Makes a machine client. Administrators give it no permission that they do not hold (SPEC.md A15). An id that
 * was once taken stays taken, also when its client was disabled: old tokens and audit rows name it.
 */
export function createClientCreation({
  withChange,
}: CreateClientDependencies): Administration['clients']['create'] {
  return async (call, { actor, id, name, scopes, audiences }) => {
    const secret = newSecret();
    const { result } = await withChange(causeOfUser(call.request, actor), async ({ tx, audit }) => {
      requireMayGive(await lockActor(tx, actor, call.permission), scopes);
      const [row] = await tx
        .insert(clients)
        .values({ id, name, scopes, audiences, secretHash: hashClientSecret(secret) })
        .onConflictDoNothing()
        .returning();
      if (row === undefined) throw new Refusal('conflict');
      await audit(
        withClientDetail(call, {
          action: call.audit,
          target: { kind: 'client', id },
          detail: { scopes, audiences },
        }),
      );
      return row;
    });
    return { client: clientOfRow(result), client_secret: secret };
  };
}

/** @throws Refusal `actor_refused`; `invalid_request` for a scope that there is not */
function requireMayGive(acting: Acting, scopes: readonly string[]): void {
  const { config } = acting.access;
  const known = new Set(scopesOf(config));
  if (!scopes.every((scope) => known.has(scope))) {
    const message = 'names a scope that there is not';
    throw new Refusal('invalid_request', { issues: [{ path: 'scopes', message }] });
  }
  requireHeld(acting, permissionsAmong(scopes, config));
}
