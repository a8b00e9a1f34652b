/** Whatever happens to NATS, who registered is known in the end. */
import { newId } from '@portcullis/contracts';
import { startPrivateNats } from '@portcullis/testbed';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSurroundings, registered, startUserService } from './user-service.ts';

let nats: Awaited<ReturnType<typeof startPrivateNats>>;
let around: Awaited<ReturnType<typeof createSurroundings>>;
beforeAll(async () => {
  nats = await startPrivateNats();
  around = await createSurroundings(nats.url);
});
afterAll(async () => {
  await around.bed.dispose();
  await nats[Symbol.asyncDispose]();
});

const PATIENCE = { timeout: 20_000, interval: 200 };

async function expectKnown(url: string): Promise<void> {
  const id = newId('usr');
  await expect
    .poll(async () => {
      // What the outbox of auth does: it publishes until it is acknowledged.
      await around.publish(registered(id)).catch(() => undefined);
      const authorization = `Bearer ${await around.issuer.mint({ sub: id })}`;
      return (await fetch(`${url}/v1/me`, { headers: { authorization } })).status;
    }, PATIENCE)
    .toBe(200);
}

it('learns of those who registered while it was down', async () => {
  await around.makeStream();
  const ids = Array.from({ length: 20 }, () => newId('usr'));
  for (const id of ids) await around.publish(registered(id));
  await using service = await startUserService(around.config);
  for (const id of ids) {
    const authorization = `Bearer ${await around.issuer.mint({ sub: id })}`;
    expect((await fetch(`${service.url}/v1/me`, { headers: { authorization } })).status).toBe(200);
  }
});

it('goes on after NATS restarts, loses its disk, or has its stream made anew', async () => {
  await using service = await startUserService(around.config);
  await expectKnown(service.url);
  await nats.restart();
  await expectKnown(service.url);
  await around.deleteStream();
  await around.makeStream();
  await expectKnown(service.url);
  await nats.restartEmpty();
  await expect
    .poll(
      () =>
        around.makeStream().then(
          () => true,
          () => false,
        ),
      PATIENCE,
    )
    .toBe(true);
  await expectKnown(service.url);
}, 120_000);
