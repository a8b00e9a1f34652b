import { spawnSync } from 'node:child_process';

/** @returns the major version that a program of PostgreSQL says of itself */
export function postgresMajor(program: string): number | undefined {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  const found = /\) (\d+)/.exec(stdout ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}
