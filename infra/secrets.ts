import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The file of a secret that is generated once for a data folder: 32 random bytes as base64url,
 * mode 0600, in a folder that only this user can enter.
 */
export function secretFile(dataFolder: string, name: string): string {
  const folder = join(dataFolder, 'secrets');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, name);
  const draft = `${file}.draft-${process.pid}`;
  writeFileSync(draft, randomBytes(32).toString('base64url'), { mode: 0o600 });
  try {
    linkSync(draft, file); // never half written, and never written twice
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return file;
}

/** Another one is made when it is asked for again. */
export function removeSecret(dataFolder: string, name: string): void {
  rmSync(join(dataFolder, 'secrets', name), { force: true });
}

export function secret(dataFolder: string, name: string): string {
  return readFileSync(secretFile(dataFolder, name), 'utf8');
}
