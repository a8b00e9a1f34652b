/** What `connectVerifier` has begun when its caller gets no verifier. The rest is in infra/test/e2e/connect-verifier.test.ts. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { connectVerifier } from '../src/connect/index.ts';

/** Milliseconds, in which a verifier that is left would have tried again. */
const SOME_RETRIES_MS = 1_000;

it('a collector that refuses the metrics leaves nothing that goes on connecting', async () => {
  let connections = 0;
  await using server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const defect = new Error('a metric of that name is registered already');

  const connecting = connectVerifier({
    issuer: 'https://auth.example',
    audience: 'urn:portcullis:user',
    service: 'orders',
    nats: `nats://orders:orders@127.0.0.1:${port}`,
    onProblem: () => undefined,
    metrics: () => {
      throw defect;
    },
  });

  await expect(connecting).rejects.toBe(defect);
  const before = connections;
  await sleep(SOME_RETRIES_MS);
  expect(connections - before).toBeLessThanOrEqual(1);
});
