/** The users that the launcher makes: with passwords of their own, which outlive a restart. */
import { startPrivateNats } from '@portcullis/testbed';
import { connect } from '@nats-io/transport-node';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LAUNCHER } from '../nats/configuration.ts';
import { writeOwnServices } from '../nats/own-services.ts';
import { BUS_USERS, isNatsPrepared, natsUrlOf, natsUrls, prepareNats } from '../nats/users.ts';
import { ask } from '../servers/ask.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-nats-users-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function connectAs(url: string): Promise<void> {
  const { host, username, password } = new URL(url);
  const connection = await connect({ servers: host, user: username, pass: password });
  await connection.close();
}

describe('the users of NATS', () => {
  it('have passwords that only the owner can read, the same at the next start', () => {
    const first = prepareNats(folder, 'each');
    expect(prepareNats(folder, 'each')).toEqual(first);
    const passwords = Object.values(first.passwords);
    expect(new Set(passwords).size).toBe(BUS_USERS.length);
    const configuration = readFileSync(first.configuration, 'utf8');
    for (const password of passwords) {
      expect(password).toMatch(/^[\w-]{43}$/);
      expect(configuration).not.toContain(password);
    }
    for (const file of readdirSync(join(folder, 'secrets'))) {
      expect(statSync(join(folder, 'secrets', file)).mode & 0o777).toBe(0o600);
    }
  });

  it('have their passwords in the configuration, for a server that reloads it', async () => {
    const { configuration, credentials } = prepareNats(folder, 'each', { keeps: true });
    expect(statSync(configuration).mode & 0o777).toBe(0o600);
    expect(isNatsPrepared(folder)).toBe(true);
    const pass = credentials.slice(LAUNCHER.length + 1);
    const text = readFileSync(configuration, 'utf8');
    await using nats = await startPrivateNats({
      configuration: text,
      env: {},
      user: LAUNCHER,
      pass,
    });
    await connectAs(natsUrlOf(folder, nats.url, 'user'));
    const orders = natsUrlOf(folder, nats.url, 'orders');
    await expect(connectAs(orders)).rejects.toThrow(/authorization/i);
    writeOwnServices(folder, [{ name: 'orders', events: [] }]);
    expect(isNatsPrepared(folder)).toBe(false);
    prepareNats(folder, 'each', { keeps: true });
    await nats.reload(readFileSync(configuration, 'utf8'));
    await connectAs(orders);
    writeOwnServices(folder, []);
  });

  it.each(['each', 'one'] as const)('are let in by a real server (%s)', async (which) => {
    const { configuration, passwords, credentials } = prepareNats(folder, which);
    await using nats = await startPrivateNats({
      configuration: readFileSync(configuration, 'utf8'),
      env: Object.fromEntries(
        Object.entries(passwords).map(([name, value]) => [name, JSON.stringify(value)]),
      ),
      user: LAUNCHER,
      pass: credentials.slice(LAUNCHER.length + 1),
    });
    await ask.nats(nats.url);
    if (which === 'one') return;
    for (const [service, url] of Object.entries(natsUrls(folder, nats.url))) {
      expect(new URL(url).username).toBe(service);
      await connectAs(url);
    }
  });
});
