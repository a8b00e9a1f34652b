/** What `src/restore/end-backup.ts` does to a restored backup, before auth starts on it. */
import type { KeyId } from '@portcullis/contracts';
import { revocationEvent } from '@portcullis/contracts/schemas';
import type { Revocation } from '../history.ts';
import type { Setting } from '../setting.ts';
import type { Undo } from '../database/database.ts';

const STEP = 1_000_000;

type Write = () => Undo | void;

/** Every key killed, every session ended, every generation above what was ever given. */
export function endBackup({ database, history }: Setting): readonly Write[] {
  const { random, users, clients, sessions, keys, issuer } = database;
  const generation = issuer.generation + STEP;
  const cut = log({ kind: 'issuer', key: 'issuer', generation }, 'break_glass');
  const kills = [...keys]
    .filter(([, { killed }]) => !killed)
    .map(([key]) => log({ kind: 'key', key }, 'key_compromised').write);
  const { id: ended } = cut.event;

  return [
    cut.write,
    ...kills,
    () => {
      for (const user of users.values()) user.generation += STEP;
      for (const client of clients.values()) client.generation += STEP;
      issuer.generation = generation;
      for (const session of sessions.values()) session.endedBy ??= ended;
      for (const key of keys.values()) key.killed = true;
      keys.set(random.id('key'), { killed: false });
    },
  ];

  function log(
    entry: { kind: 'issuer'; key: 'issuer'; generation: number } | { kind: 'key'; key: KeyId },
    reason: 'break_glass' | 'key_compromised',
  ): { event: Revocation['event']; write: Write } {
    const occurredAt = database.clock.now();
    const event = revocationEvent.parse({
      ...entry,
      version: 1,
      id: random.id('evt'),
      reason,
      occurred_at: Math.floor(occurredAt),
      expires_at: null,
      actor: { kind: 'system', id: 'after-restore' },
      request_id: 'req_after-restore',
    });
    const revocation: Revocation = { event, committedAt: database.world.now, undone: false };
    return {
      event,
      write() {
        database.log.set(event.id, { revocation, occurredAt, position: null, publishedAt: null });
        history.tell('database', `committed ${event.id}: ${event.kind} ${event.key}`);
        history.record({ what: 'committed', revocation });
      },
    };
  }
}
