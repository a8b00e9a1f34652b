/** What an operator is shown of verifiers: the same story as the receipts tell. */
import { newId, type EpochId } from '@portcullis/contracts';
import { expect, it } from 'vitest';
import { LatelyAcknowledged } from '../../src/revocation/lately-acknowledged.ts';
import { listVerifiers } from '../../src/revocation/list-verifiers.ts';
import type { RegisteredVerifier } from '../../src/revocation/registry.ts';

const epoch: EpochId = newId('epo');
const log = Array.from({ length: 2_500 }, (_, index) => ({
  id: newId('evt'),
  position: index + 1,
}));

function verifier(position: number, of: EpochId | null = epoch): RegisteredVerifier {
  const incarnation = newId('inc');
  const service = 'user';
  const [policy, maxStalenessMs, renewals, renewedMsAgo] = ['reject', 5_000, 1, 20];
  const row = { incarnation, service, policy, maxStalenessMs, renewals, renewedMsAgo };
  return { ...row, epoch: of, position, kinds: null, access: null };
}

async function places(
  verifiers: RegisteredVerifier[],
  head: number,
  acknowledged = new LatelyAcknowledged(),
): Promise<number[][]> {
  const list = await listVerifiers({
    registry: { list: async () => ({ verifiers, issuerTime: 0, epoch, head }) },
    log: {
      placesAfter: async (after) =>
        log.filter(({ position }) => position > after && position <= head).slice(0, 1_000),
    },
    acknowledged,
  });
  return list.verifiers.map(({ position, behind }) => [position, behind]);
}

it('counts what was acknowledged since the last question, as far as nothing is missing', async () => {
  const [all, some, none] = [verifier(7), verifier(7), verifier(7)];
  const acknowledged = new LatelyAcknowledged();
  const [eighth, ninth, tenth] = log.slice(7, 10).map(({ id }) => id);
  if (eighth === undefined || ninth === undefined || tenth === undefined) throw new Error('ten');
  acknowledged.add([tenth, eighth, ninth], all.incarnation, 'user');
  acknowledged.add([eighth, tenth], some.incarnation, 'user');
  acknowledged.add([eighth, ninth, tenth], none.incarnation, 'another service');
  expect(await places([all, some, none], 10, acknowledged)).toEqual([
    [10, 0],
    [8, 2],
    [7, 3],
  ]);
});

it('counts no position of another epoch, nor one beyond the head', async () => {
  const rows = [verifier(9, newId('epo')), verifier(19), verifier(0, null), verifier(4)];
  expect(await places(rows, 4)).toEqual([
    [0, 4],
    [0, 4],
    [0, 4],
    [4, 0],
  ]);
});

it('is right of those at the head beside one that is just starting', async () => {
  const [old, fresh] = [verifier(2_499), verifier(0, null)];
  const acknowledged = new LatelyAcknowledged();
  const last = log.at(-1);
  if (last !== undefined) acknowledged.add([last.id], old.incarnation, 'user');
  expect(await places([old, fresh], 2_500, acknowledged)).toEqual([
    [2_500, 0],
    [0, 2_500],
  ]);
});

it('forgets the oldest first, and stays within its bound', () => {
  const acknowledged = new LatelyAcknowledged(10);
  const incarnation = newId('inc');
  const ids = Array.from({ length: 11 }, () => newId('evt'));
  acknowledged.add(ids, incarnation, 'user');
  expect(acknowledged.has(ids[0] ?? newId('evt'), incarnation, 'user')).toBe(false);
  expect(acknowledged.has(ids[1] ?? newId('evt'), incarnation, 'user')).toBe(true);
});
