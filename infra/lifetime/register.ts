import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, startOf } from './process-identity.mjs';
import { terminateAll, type Owned, type OwnedProcess } from './terminate.mjs';

/** How long the next launcher waits for a dead one's warden to finish, in milliseconds. */
const WARDEN_WAIT_MS = 40_000;
const FILE = 'processes.json';

interface Record {
  warden: { pid: number; start: string } | undefined;
  owned: Owned[];
}

/** What a launcher owns, on disk, for the case that it and its warden both die. */
export class Register {
  readonly file: string;
  #warden: Record['warden'];

  constructor(dataFolder: string) {
    this.file = join(dataFolder, FILE);
  }

  noteWarden(pid: number): void {
    const start = startOf(pid);
    this.#warden = start === undefined ? undefined : { pid, start };
  }

  write(owned: Owned[]): void {
    if (!existsSync(dirname(this.file))) return; // a test's folder, removed as the last thing owned
    const draft = `${this.file}.draft`;
    const record: Record = { warden: this.#warden, owned };
    writeFileSync(draft, JSON.stringify(record, undefined, 1), { mode: 0o600 });
    renameSync(draft, this.file);
  }

  remove(): void {
    rmSync(this.file, { force: true });
  }
}

/** The process of that name that the launcher in this data folder has started, while it runs. */
export function ownedProcess(dataFolder: string, name: string): OwnedProcess | undefined {
  const owned = readRecord(join(dataFolder, FILE))?.owned ?? [];
  return owned.find(
    (one): one is OwnedProcess => one.kind === 'process' && one.name === name && isAlive(one),
  );
}

/** Whether the launcher in this data folder ends something by the command of that name, such as containers. */
export function ownsCommand(dataFolder: string, name: string): boolean {
  const owned = readRecord(join(dataFolder, FILE))?.owned ?? [];
  return owned.some((one) => one.kind === 'command' && one.name === name);
}

/**
 * Ends what an earlier launcher in this data folder left behind. The caller holds its lock.
 * @returns the names of what was still there
 */
export async function endLeftovers(dataFolder: string): Promise<string[]> {
  const record = readRecord(join(dataFolder, FILE));
  if (!record) return [];
  const deadline = performance.now() + WARDEN_WAIT_MS;
  while (record.warden && isAlive(record.warden) && performance.now() < deadline) await sleep(50);
  const left = record.owned.filter((one) => one.kind !== 'process' || isAlive(one));
  await terminateAll(left);
  rmSync(join(dataFolder, FILE), { force: true });
  return left.filter((one) => one.kind === 'process').map((one) => one.name);
}

function readRecord(file: string): Record | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Written by ourselves, atomically; its shape is checked only as far as a signal depends on it. */
function isRecord(value: unknown): value is Record {
  if (typeof value !== 'object' || value === null || !('owned' in value)) return false;
  return (
    Array.isArray(value.owned) &&
    value.owned.every((one: Partial<Owned>) =>
      one.kind === 'process'
        ? Number.isInteger(one.pid) && Number(one.pid) > 1 && typeof one.start === 'string'
        : one.kind === 'command' || one.kind === 'folder',
    )
  );
}
