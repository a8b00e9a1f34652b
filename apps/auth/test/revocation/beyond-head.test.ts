/** What follows from a question that comes from beyond the head of the log: nothing for anybody else. */
import {
  newId,
  type EpochId,
  type GrantReply,
  type GrantRequest,
  type IncarnationId,
} from '@portcullis/contracts';
import { createLogger } from '@portcullis/service';
import { systemClock } from '@portcullis/verify';
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { Grants, type BeyondHead } from '../../src/revocation/grants.ts';
import type { LogPage } from '../../src/revocation/log.ts';
import type { Registration } from '../../src/revocation/registry.ts';
import { createReportBeyondHead } from '../../src/revocation/report-beyond-head.ts';

const epoch: EpochId = newId('epo');
const found: BeyondHead = { service: 'user', incarnation: newId('inc'), position: 19, head: 4 };

function request(position: number): GrantRequest {
  return {
    version: 1,
    service: 'user',
    incarnation: newId('inc'),
    nonce: crypto.randomUUID(),
    policy: 'reject',
    epoch,
    position,
    applied: [],
  };
}

/** @param heads as read with the registration, and with the log after it */
async function answersOf(
  requests: readonly GrantRequest[],
  heads: { registered: number; read: number },
): Promise<{ replies: GrantReply[]; told: BeyondHead[] }> {
  const told: BeyondHead[] = [];
  const grants = new Grants({
    clock: systemClock,
    maxStalenessMs: 1_000,
    failed: () => {},
    beyondHead: (notice) => told.push(notice),
    registry: {
      register: async (batch) =>
        new Map<IncarnationId, Registration>(
          batch.map(({ incarnation, position }) => [
            incarnation,
            {
              head: heads.registered,
              isBeyond: position > heads.registered,
              kindsUnknown: false,
              access: null,
            },
          ]),
        ),
    },
    log: {
      read: async (): Promise<LogPage> => ({
        epoch,
        head: heads.read,
        issuerTime: 0,
        from: null,
        numbered: [],
        unnumbered: [],
        cut: false,
      }),
    },
  });
  const replies = await Promise.all(requests.map(async (each) => await grants.answer(each)));
  return { replies, told };
}

it('is answered with resynchronise, alone of its batch', async () => {
  const [at, beyond] = [request(4), request(5)];
  const { replies, told } = await answersOf([at, beyond], { registered: 4, read: 4 });
  expect(replies.map(({ outcome }) => outcome)).toEqual(['granted', 'resynchronise']);
  const { service, incarnation, position } = beyond;
  expect(told).toEqual([{ service, incarnation, position, head: 4 }]);
});

it('is found also when the log has gone back after the registration, or has caught up since', async () => {
  for (const heads of [
    { registered: 19, read: 4 },
    { registered: 4, read: 19 },
  ]) {
    const { replies, told } = await answersOf([request(19)], heads);
    expect(replies).toMatchObject([{ outcome: 'resynchronise', epoch }]);
    expect(told).toHaveLength(1);
  }
});

it('is counted each time, and written down once in ten seconds', () => {
  let now = 0;
  let counted = 0;
  const lines: unknown[] = [];
  const report = createReportBeyondHead({
    logger: { error: (line: unknown) => lines.push(line) },
    count: () => (counted += 1),
    clock: { monotonic: () => now },
  });
  for (let i = 0; i < 1_000; i += 1) report(found);
  expect(counted).toBe(1_000);
  const { service: verifier, ...rest } = found;
  expect(lines).toEqual([{ verifier, ...rest, unreported: 0 }]);
  now = 10_000;
  report(found);
  expect(lines).toEqual([
    { verifier, ...rest, unreported: 0 },
    { verifier, ...rest, unreported: 999 },
  ]);
});

it('a position beyond the head is logged in a line that names the service once, and the verifier apart', () => {
  let text = '';
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const report = createReportBeyondHead({
    logger: createLogger({ service: 'auth', level: 'info', destination }),
    count: () => {},
    clock: { monotonic: () => 0 },
  });
  report(found);
  expect(text.match(/"service":/g)).toHaveLength(1);
  expect(JSON.parse(text)).toMatchObject({ service: 'auth', verifier: 'user' });
});
