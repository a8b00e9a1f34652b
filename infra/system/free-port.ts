import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** Below the range from which kernels take the ports of outgoing connections. */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const ATTEMPTS = 50;
const FILE = 'ports.json';

export async function isFree(port: number): Promise<boolean> {
  // A server on ::1 counts too: `localhost` is that address first in most clients.
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, '::1'));
}

/** One after the other: the file is read, changed and written by each. */
let queue: Promise<unknown> = Promise.resolve();

/** The port that this server had the last time, or another one if it is taken by now. */
export function rememberedPort(dataFolder: string, server: string): Promise<number> {
  const mine = queue.then(() => choosePort(dataFolder, server));
  queue = mine.catch(() => {});
  return mine;
}

/** The port that this server has, or had the last time. */
export function notedPort(dataFolder: string, server: string): number | undefined {
  return readPorts(dataFolder)[server];
}

async function choosePort(dataFolder: string, server: string): Promise<number> {
  const ports = readPorts(dataFolder);
  const before = ports[server];
  if (before !== undefined && (await isFree(before))) return before;
  const taken = new Set(Object.values(ports));
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(LOWEST, HIGHEST);
    if (taken.has(port) || !(await isFree(port))) continue;
    ports[server] = port;
    writeFileSync(join(dataFolder, FILE), `${JSON.stringify(ports)}\n`);
    return port;
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST}`);
}

function readPorts(dataFolder: string): Record<string, number> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(dataFolder, FILE), 'utf8'));
    if (typeof parsed !== 'object' || parsed === null) return {};
    const entries = Object.entries(parsed).filter(([, port]) => Number.isInteger(port));
    return Object.fromEntries(entries) as Record<string, number>;
  } catch {
    return {};
  }
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      // A machine without IPv6 has no listener there either.
      resolve(error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT');
    });
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
