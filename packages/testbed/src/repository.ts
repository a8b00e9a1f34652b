import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout that this package runs from: three folders above `src` and `dist`. */
export const repositoryRoot: string = join(dirname(fileURLToPath(import.meta.url)), '../../..');
