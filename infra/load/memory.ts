/** What services hold: their resident memory after a collection, as the kernel has it. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from '../faults/stage/stage.ts';

/** From the signal of collect-on-signal.mjs until the memory is given back. Milliseconds. */
const COLLECTED_MS = 3_000;

/** In MiB, by the name of the service. */
export type Memory = ReadonlyMap<string, number>;

export async function heldMemory({ instances, verifiers }: Stage): Promise<Memory> {
  const services = [...instances, ...verifiers];
  for (const { service } of services) service.process.kill('SIGUSR2');
  await sleep(COLLECTED_MS);
  return new Map(services.map(({ name, service }) => [name, residentMiB(service.process.pid)]));
}

/** proc(5), `VmRSS`. */
function residentMiB(pid: number): number {
  const [, kibibytes] =
    /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / 1_024;
}
