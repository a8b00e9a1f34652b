import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** Which process listens on a port, as far as this user may know. */
export function holderOf(port: number): string | undefined {
  return process.platform === 'linux' ? (fromProc(port) ?? fromLsof(port)) : fromLsof(port);
}

const LISTEN = '0A';

function fromProc(port: number): string | undefined {
  const sockets = new Set(['tcp', 'tcp6'].flatMap((table) => listeningInodes(table, port)));
  if (sockets.size === 0) return undefined;
  for (const pid of list('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const fd of list(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode !== undefined && sockets.has(inode)) return `process ${pid} (${commandLine(pid)})`;
    }
  }
  return undefined;
}

/** Rows of /proc/net/tcp: the local address is field 1, the state 3, the socket's inode 9. */
function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return read(`/proc/net/${table}`)
    .split('\n')
    .map((row) => row.trim().split(/\s+/))
    .filter((field) => field[1]?.endsWith(suffix) && field[3] === LISTEN)
    .flatMap((field) => field[9] ?? []);
}

function fromLsof(port: number): string | undefined {
  try {
    const arguments_ = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'];
    const answer = execFileSync('lsof', arguments_, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 5_000,
    });
    const pid = /^p(\d+)$/m.exec(answer)?.[1];
    return pid === undefined
      ? undefined
      : `process ${pid} (${/^c(.+)$/m.exec(answer)?.[1] ?? '?'})`;
  } catch {
    return undefined;
  }
}

function commandLine(pid: string): string {
  const words = read(`/proc/${pid}/cmdline`).split('\0').join(' ').trim();
  return words.length > 80 ? `${words.slice(0, 80)}...` : words;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function link(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
