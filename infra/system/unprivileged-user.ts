import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { StepFailure } from '../steps.ts';

export interface User {
  name: string;
  uid: number;
  gid: number;
}

/** In this order: PostgreSQL's own user where it is installed, else the one that every system has. */
const CANDIDATES = ['postgres', 'nobody'];

/** Who is to run PostgreSQL, which refuses to run as root; undefined where we are not root. */
export function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const candidate of CANDIDATES) {
    const fields = users.map((row) => row.split(':')).find(([name]) => name === candidate);
    const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])];
    if (uid > 0 && gid >= 0) return { name: candidate, uid, gid };
  }
  throw new StepFailure('PostgreSQL refuses to run as root, and there is no user `nobody`.', {
    fix: 'useradd --system --no-create-home postgres',
  });
}

/** Whether that user can reach a folder; a parent with mode 0700 (`mktemp -d`) is in the way. */
export function canReach(user: User, folder: string): boolean {
  const { status } = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], {
    cwd: '/',
    uid: user.uid,
    gid: user.gid,
    stdio: 'ignore',
  });
  return status === 0;
}
