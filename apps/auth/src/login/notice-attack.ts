import { newId } from '@portcullis/contracts';
import type { Logger } from '@portcullis/service';
import { causeOf } from '../change/cause.ts';
import type { WithChange } from '../change/unit-of-work.ts';
import type { AttackKind } from '../limits/limits.ts';

/** Reports to operators, and to the audit trail, that passwords are tried from many addresses. */
export function createNoticeAttack(
  withChange: WithChange,
  logger: Logger,
  count: (kind: AttackKind) => void,
): (kind: AttackKind) => void {
  return (kind) => {
    count(kind);
    const requestId = newId('evt');
    logger.warn({ event: 'attack', kind, request_id: requestId }, 'many wrong passwords');
    const cause = causeOf({ requestId, address: null }, { kind: 'system', id: 'login-limits' });
    const entry = { action: `login.attack-detected`, target: { kind: 'issuer', id: 'issuer' } };
    withChange(cause, ({ audit }) => audit({ ...entry, detail: { kind } })).catch(
      (error: unknown) => logger.warn({ err: error }, 'the attack is not in the audit trail'),
    );
  };
}
