/** What administrators do to signing keys, a verb for each operation of the list in `@portcullis/api`. */
import type { Administration } from '@portcullis/api';
import { createKillKey, type KillKeyDependencies } from './kill-key.ts';
import { createRotateKey } from './rotate-key.ts';

export function administerKeys(dependencies: KillKeyDependencies): Administration['keys'] {
  return { rotate: createRotateKey(dependencies), kill: createKillKey(dependencies) };
}
