/**
 * `node infra/image/build.mjs FOLDER`, in the Dockerfile's build: makes `FOLDER/runtime`, and for each service a folder
 * of its name.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NAMES } from './contents.mjs';
import { makeRuntime, makeService } from './make-tree.mjs';

const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node infra/image/build.mjs FOLDER');

makeRuntime(join(folder, 'runtime'), process.execPath);
for (const service of NAMES) {
  await makeService(service, join(folder, service), checkout);
}
