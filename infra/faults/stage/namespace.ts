/**
 * A network namespace with nothing in it but a loopback, and ways in and out over Unix sockets,
 * which pass between namespaces. A program in it finds the servers at the addresses that they have
 * outside; and between it and them packets can be dropped, as a broken network does it: no reset.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { SOURCE_RUNNER, TestProcess } from '@portcullis/testbed';
import { existsSync } from 'node:fs';
import { startRelay, type Relay } from './relay.ts';

const run = promisify(execFile);
const READY_MS = 60_000;

export interface Namespace extends AsyncDisposable {
  /** Words before a command, so that it runs inside. */
  readonly enter: readonly string[];
  /** Drops every packet to and from this port inside. */
  drop(port: number): Promise<void>;
  pass(): Promise<void>;
}

/** @returns why namespaces cannot be had here, or undefined where they can */
export async function whyNoNamespaces(): Promise<string | undefined> {
  const name = newName();
  try {
    await run('ip', ['netns', 'add', name]);
  } catch {
    return 'network namespaces need root and iproute2';
  }
  try {
    await run('ip', ['netns', 'exec', name, 'nft', 'list', 'ruleset']);
    return undefined;
  } catch {
    return 'dropping packets needs nftables';
  } finally {
    await run('ip', ['netns', 'del', name]);
  }
}

/**
 * @param reaches ports of the loopback outside that are to be found inside as well
 * @param offers the port that the program inside listens on, to be found outside
 */
export async function createNamespace(
  reaches: readonly number[],
  offers: number,
): Promise<Namespace> {
  const name = newName();
  const enter = ['ip', 'netns', 'exec', name];
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-netns-'));
  const socket = (port: number): string => join(folder, `${port}.sock`);
  const inside = async (...words: string[]): Promise<void> => {
    await run('ip', ['netns', 'exec', name, ...words]);
  };
  await run('ip', ['netns', 'add', name]);
  await inside('ip', 'link', 'set', 'lo', 'up');
  await inside('nft', 'add table inet faults');
  await inside('nft', 'add chain inet faults out { type filter hook output priority 0; }');

  const routes = [
    ...reaches.map((port) => ({ from: port, to: socket(port) })),
    { from: socket(offers), to: offers },
  ];
  const relays: Relay[] = [];
  for (const port of reaches) relays.push(await startRelay({ from: socket(port), to: port }));
  const relay = new TestProcess({
    name: 'relay',
    command: 'ip',
    args: [
      ...enter.slice(1),
      ...[process.execPath, ...SOURCE_RUNNER, 'infra/faults/stage/relay-process.ts'],
      JSON.stringify(routes),
    ],
  });
  const deadline = performance.now() + READY_MS;
  while (!existsSync(socket(offers))) {
    if (!relay.running || performance.now() > deadline) throw new Error(`relay: ${relay.log}`);
    await sleep(20);
  }
  relays.push(await startRelay({ from: offers, to: socket(offers) }));

  return {
    enter,
    async drop(port) {
      await inside('nft', `add rule inet faults out tcp dport ${port} drop`);
      await inside('nft', `add rule inet faults out tcp sport ${port} drop`);
    },
    async pass() {
      await inside('nft', 'flush chain inet faults out');
    },
    async [Symbol.asyncDispose]() {
      for (const one of relays) await one[Symbol.asyncDispose]();
      await relay.stop();
      await run('ip', ['netns', 'del', name]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function newName(): string {
  return `portcullis-${randomBytes(4).toString('hex')}`;
}
