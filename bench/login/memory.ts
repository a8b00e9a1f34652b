/** The memory of another process, as Linux counts it. */
import { readFile } from 'node:fs/promises';

/** @returns what of it is in memory now, and the most that ever was, in MiB */
export async function memoryOf(pid: number): Promise<{ now: number; most: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1_024;
  return { now: mebibytes('VmRSS'), most: mebibytes('VmHWM') };
}
