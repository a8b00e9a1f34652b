import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { startPrivateNats } from '../src/index.ts';

async function streams(url: string): Promise<string[]> {
  const connection = await connect({ servers: new URL(url).host, reconnect: false });
  try {
    const names: string[] = [];
    for await (const name of (await jetstreamManager(connection)).streams.names()) names.push(name);
    return names;
  } finally {
    await connection.close();
  }
}

test('a private NATS keeps its streams over a restart, and loses them with its disk', async () => {
  await using nats = await startPrivateNats();
  const connection = await connect({ servers: new URL(nats.url).host, reconnect: false });
  await (await jetstreamManager(connection)).streams.add({ name: 'S', subjects: ['s'] });
  await connection.close();
  await nats.restart();
  expect(await streams(nats.url)).toEqual(['S']);
  nats.kill();
  await nats.restart();
  expect(await streams(nats.url)).toEqual(['S']);
  await nats.restartEmpty();
  expect(await streams(nats.url)).toEqual([]);
});
