import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The checkout. */
export const ROOT: string = dirname(dirname(fileURLToPath(import.meta.url)));

/** Everything that the launcher writes, apart from what has to be where another user can reach it. */
export const DATA_ROOT: string = join(ROOT, '.portcullis');

/** Distinguishes this checkout from another one on the same machine. */
export const CHECKOUT_ID: string = createHash('sha256').update(ROOT).digest('hex').slice(0, 12);

/** The data of `npm start`, kept from one start to the next. */
export const DEV_FOLDER: string = join(DATA_ROOT, 'dev');

/** Flags of Node for a program whose output goes to that of the launcher, and so to `head` perhaps. */
export const CLOSED_OUTPUT = [
  '--import',
  pathToFileURL(join(ROOT, 'infra', 'lifetime', 'closed-output.mjs')).href,
] as const;

/** Executables of the workspace's own tools. */
export const tool = (name: string): string => join(ROOT, 'node_modules', '.bin', name);
