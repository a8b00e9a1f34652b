import { createServer, type Server } from 'node:net';
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newFolder } from './launcher-process.ts';
import { requireFreePorts } from '../services/catalogue.ts';
import { isFree, rememberedPort } from '../system/free-port.ts';

let folder: string;
const servers: Server[] = [];
beforeEach(() => {
  folder = newFolder();
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

const listen = (port: number, host: string): Promise<void> =>
  new Promise((resolve) => {
    const server = createServer();
    servers.push(server);
    server.listen(port, host, () => resolve());
  });

test('a server gets the same port again, and each server its own', async () => {
  const names = ['postgres', 'nats', 'redis'];
  const first = await Promise.all(names.map((name) => rememberedPort(folder, name)));
  expect(new Set(first).size).toBe(3);
  const second = await Promise.all(names.map((name) => rememberedPort(folder, name)));
  expect(second).toEqual(first);
});

test('a taken port gives another one', async () => {
  const before = await rememberedPort(folder, 'nats');
  await listen(before, '127.0.0.1');
  const after = await rememberedPort(folder, 'nats');
  expect(after).not.toBe(before);
  expect(await rememberedPort(folder, 'nats')).toBe(after);
});

test.each(['127.0.0.1', '0.0.0.0'])('a port taken on %s is not free', async (host) => {
  const port = await rememberedPort(folder, 'any');
  expect(await isFree(port)).toBe(true);
  await listen(port, host);
  expect(await isFree(port)).toBe(false);
});

test('a taken port is named, and so is the process that has it', async () => {
  const port = await rememberedPort(folder, 'any');
  await listen(port, '127.0.0.1');
  const ports = { auth: port, user: port + 1, admin: port + 2 };
  const named = `Port ${port}, which auth needs, is taken by process ${process.pid}`;
  await expect(requireFreePorts(ports)).rejects.toThrow(named);
});
