import { spawnSync } from 'node:child_process';

/** @returns the version that a program says of itself; undefined when it does not run */
export function versionOf(program: string): string | undefined {
  const { status, stdout } = spawnSync(program, ['--version'], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  if (status !== 0) return undefined;
  return /\bv?=?v?(\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1];
}

/** Whether `2.9.10` is of `2.9`. */
export const isOf = (version: string | undefined, wanted: string): boolean =>
  version !== undefined && `${version}.`.startsWith(`${wanted}.`);
