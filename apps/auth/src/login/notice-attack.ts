import { newId } from '@portcullis/contracts';
import type { Logger } from '@portcullis/service';
import { causeOf } from '../change/cause.ts';
import type { WithChange } from '../change/unit-of-work.ts';
import type { Attack, AttackKind } from '../limits/attack.ts';

const MESSAGES = {
  account: 'many wrong passwords',
  spray: 'many wrong passwords',
  challenge: 'many wrong answers after a right password',
} as const satisfies Record<AttackKind, string>;

/**
 * Reports to operators, and to the audit trail, that passwords are tried from many addresses, or that a client that
 * has one guesses the next step. The trail names whose password it is: that user needs another one.
 */
export function createNoticeAttack(
  withChange: WithChange,
  logger: Logger,
  count: (kind: AttackKind) => void,
): (attack: Attack) => void {
  return (attack) => {
    const { kind } = attack;
    count(kind);
    const requestId = newId('evt');
    logger.warn({ event: 'attack', kind, request_id: requestId }, MESSAGES[kind]);
    const cause = causeOf({ requestId, address: null }, { kind: 'system', id: 'login-limits' });
    const target =
      attack.kind === 'challenge'
        ? { kind: 'user', id: attack.user }
        : { kind: 'issuer', id: 'issuer' };
    const entry = { action: 'login.attack-detected', target, detail: { kind } };
    withChange(cause, ({ audit }) => audit(entry)).catch((error: unknown) =>
      logger.warn({ err: error }, 'the attack is not in the audit trail'),
    );
  };
}
