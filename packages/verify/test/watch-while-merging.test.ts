/** A late answer makes a verifier fresh while a snapshot is still being merged: what it watches then hears all. */
import { newId, type GrantRequest } from '@portcullis/contracts';
import { revocationEvent } from '@portcullis/contracts/schemas';
import { encodeSnapshot } from '@portcullis/snapshot';
import { createTestIssuer } from '@portcullis/testkit';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { createVerifier, type FeedListener, type RevocationFeed } from '../src/index.ts';

const BEHIND = 400_000;

// So that merging begins when the snapshot has come.
beforeAll(async () => void (await import('../src/revocation/merge-snapshot.ts')));

it.each(['is pushed', 'is not pushed'])(
  'cuts what a snapshot revokes, when the event %s',
  async (how) => {
    await using issuer = await createTestIssuer();
    const epoch = newId('epo');
    const sub = newId('usr');
    const bytesOf = (message: unknown) => new TextEncoder().encode(JSON.stringify(message));
    const cut = revocationEvent.parse({
      version: 1,
      id: newId('evt'),
      kind: 'subject',
      key: sub,
      generation: 1,
      reason: 'logout_all',
      occurred_at: Date.now(),
      expires_at: Date.now() + 3_600_000,
      actor: { kind: 'system', id: 'test' },
      request_id: 'request',
    });
    const sessions = Array.from({ length: BEHIND }, () => ({
      kind: 'session' as const,
      key: newId('ses'),
      expires_at: Date.now() + 3_600_000,
    }));
    const snapshot = Buffer.concat([
      ...encodeSnapshot({ epoch, position: BEHIND + 1 }, [...sessions, cut]),
    ]);
    const granted = (request: GrantRequest, position: number, complete: boolean) =>
      bytesOf({
        version: 1,
        nonce: request.nonce,
        incarnation: request.incarnation,
        outcome: 'granted',
        epoch,
        position,
        events: [],
        complete,
        max_staleness_ms: 30_000,
        issuer_time: Date.now(),
      });

    const asked: GrantRequest[] = [];
    const confirmed: string[] = [];
    let listener: FeedListener | undefined;
    let answerFirst: (bytes: Uint8Array) => void = () => undefined;
    const feed: RevocationFeed = {
      open: async (opened) => {
        listener = opened;
      },
      request: async (request) => {
        asked.push(request);
        const [first] = asked;
        if (first === undefined || asked.length === 1) {
          return await new Promise<Uint8Array>((resolve) => {
            answerFirst = resolve;
          });
        }
        if (asked.length > 2) return granted(request, BEHIND + 1, true);
        // The answer to the first question comes once the snapshot has begun to be merged.
        setImmediate(() => setImmediate(() => answerFirst(granted(first, 500, true))));
        return granted(request, 1_000, false);
      },
      snapshot: async () => snapshot,
      acknowledge: ({ applied }) => void confirmed.push(...applied),
      deregister: async () => undefined,
      close: async () => undefined,
    };
    await using verifier = await createVerifier({
      issuer: issuer.issuer,
      audience: issuer.audience,
      service: 'test',
      feed,
    });
    const token = await issuer.mint({ sub });
    while (verifier.state !== 'LIVE') await turn();
    using watched = await verifier.watch(token);
    expect(verifier.stats().entries).toBeLessThan(BEHIND);
    expect(watched.signal.aborted).toBe(false);

    if (how === 'is pushed') {
      listener?.revocation(bytesOf(cut));
      expect(watched.signal.aborted).toBe(true);
      await expect.poll(() => confirmed).toContain(cut.id);
    }
    while (verifier.stats().entries < BEHIND) await sleep(5);
    await expect.poll(() => watched.signal.aborted).toBe(true);
    expect(watched.signal.reason).toMatchObject({ code: 'invalid_token' });
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'invalid_token' });
  },
  30_000,
);
