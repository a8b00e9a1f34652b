/**
 * The tree of an image, run without a container engine: under the image's own user, with a root that is read-only, no
 * capability, 16 MiB in `/tmp`, and processes, mounts, IPC and the name of the host apart. What a container has
 * besides is not there: a network of its own, limits of memory and processor, a filter of system calls.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf, RUN, RUNTIME, type Service } from './contents.mjs';
import { ROOT } from '../paths.ts';
import { findBinary } from '../system/find-binary.ts';

const PROGRAMS = ['unshare', 'setpriv', 'chroot', 'mount'];
const NAMESPACES = ['--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child'];
/** As an image has it; the script looks for its programs there as well. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** @returns why it cannot be done here, or nothing */
export function whyNotConfined(): string | undefined {
  if (process.platform !== 'linux') return 'only Linux has namespaces';
  if (process.getuid?.() !== 0) return 'it takes root to make namespaces and to give root up';
  const missing = PROGRAMS.find((name) => findBinary(name) === undefined);
  return missing === undefined ? undefined : `there is no ${missing} here`;
}

/**
 * @param env beside that of the image
 * @param program of the service, from its folder
 * @returns the command; where it ends, all that runs in the tree does
 */
export function confinedCommand(
  tree: string,
  service: Service,
  env: Readonly<Record<string, string>>,
  program: string = RUN.command[0] ?? '',
): { command: string; args: string[] } {
  const all = { PATH, ...RUN.environment, ...env };
  const pairs = Object.entries(all).map(([name, value]) => `${name}=${value}`);
  const enter = ['sh', join(ROOT, 'infra/image/enter.sh'), tree, RUN.user];
  const words = [RUNTIME.node, join(folderOf(service), program)];
  return {
    command: '/usr/bin/env',
    args: ['-i', ...pairs, 'unshare', ...NAMESPACES, ...enter, ...words],
  };
}

/** What the kernel says of a process, by name, such as `CapEff`. */
export type Status = Readonly<Record<string, string>>;

/**
 * @param pid of the command
 * @returns the process of the service, and what the kernel says of it
 */
export function statusOfConfined(pid: number): { pid: number; status: Status } {
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    const status = statusOf(name);
    if (status['PPid'] === String(pid) && status['Name'] !== 'unshare') {
      return { pid: Number(name), status };
    }
  }
  throw new Error(`process ${pid} has started none`);
}

function statusOf(pid: string): Status {
  try {
    const lines = readFileSync(`/proc/${pid}/status`, 'utf8').split('\n');
    return Object.fromEntries(
      lines.map((line) => {
        const [name = '', value = ''] = line.split(/:\s+/, 2);
        return [name, value];
      }),
    );
  } catch {
    return {}; // it has ended meanwhile
  }
}
