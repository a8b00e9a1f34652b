/**
 * The root file system of an image, in two parts: what every service runs on, and what one service is. Both belong to
 * root and can be written by no one else.
 */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { billOfRuntime, billOfService } from './bill-of-materials.mjs';
import { folderOf, RUNTIME, SERVICES } from './contents.mjs';
import { librariesOf, requireLibraries } from './libraries.mjs';
import { bundleApp } from '../bundle/bundle-app.mjs';

/** What no image holds of what a build makes. */
const LEFT_OUT = /\.map$/;
const FILE = 0o644;
const PROGRAM = 0o755;
const READABLE = 0o755;

/**
 * @param {string} root a folder that is made
 * @param {string} node the program
 * @param {string} [licence] of Node
 * @throws {Error} when Node is linked with a library that is not in the list
 */
export function makeRuntime(root, node, licence = join(dirname(node), '../LICENSE')) {
  requireLibraries(node);
  mkdirSync(root, { recursive: true });
  // It may be a temporary folder, which is its owner's alone.
  chmodSync(root, READABLE);
  copy(node, join(root, RUNTIME.node), PROGRAM);
  for (const path of librariesOf(node)) copy(path, join(root, path), PROGRAM);
  for (const [path, text] of Object.entries(RUNTIME.files)) write(join(root, path), text);
  for (const [path, mode] of Object.entries(RUNTIME.folders)) {
    mkdirSync(join(root, path), { recursive: true });
    chmodSync(join(root, path), mode);
  }
  const documents = 'usr/share/doc';
  copy(licence, join(root, documents, 'node/LICENSE'));
  for (const name of RUNTIME.packages) {
    copy(join('/', documents, name, 'copyright'), join(root, documents, name, 'copyright'));
  }
  write(join(root, 'portcullis/runtime.cdx.json'), billOfRuntime());
}

/**
 * @param {import('./contents.mjs').Service} service
 * @param {string} root a folder that is made
 * @param {string} checkout with its dependencies installed
 * @throws {Error} for a module in machine code with a library that is not in the list
 */
export async function makeService(service, root, checkout) {
  const app = join(checkout, 'apps', service);
  const to = join(root, folderOf(service));
  const { folders, dependencies } = SERVICES[service];
  const outputs = await bundleApp(app, join(to, 'dist'));
  for (const path of filesOf(join(to, 'dist'))) if (LEFT_OUT.test(path)) rmSync(path);
  copy(join(app, 'package.json'), join(to, 'package.json'));
  for (const folder of folders) {
    for (const path of filesOf(join(app, folder))) copy(path, join(to, path.slice(app.length)));
  }
  for (const dependency of dependencies) copyDependency(dependency, app, to);
  copy(join(checkout, 'infra/image/health.mjs'), join(root, 'portcullis/health.mjs'));
  const bill = billOfService(service, checkout, outputs);
  write(join(root, `portcullis/${service}.cdx.json`), bill);
}

/**
 * @param {import('./contents.mjs').Dependency} dependency
 * @param {string} app
 * @param {string} to
 */
function copyDependency({ name, files, binary = false }, app, to) {
  const from = realpathSync(join(app, 'node_modules', name));
  for (const file of files) copy(join(from, file), join(to, 'node_modules', name, file));
  if (!binary) return;
  // What is installed beside it is of this platform alone.
  const beside = readdirSync(dirname(from)).filter((other) => join(dirname(from), other) !== from);
  for (const other of beside) {
    const folder = join(dirname(from), other);
    for (const file of readdirSync(folder)) {
      if (!/\.node$|^package\.json$/.test(file)) continue;
      if (file.endsWith('.node')) requireLibraries(join(folder, file));
      copy(join(folder, file), join(to, 'node_modules', dirname(name), other, file));
    }
  }
}

/**
 * @param {string} folder
 * @returns {string[]} the paths of all files in it
 */
function filesOf(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

/**
 * @param {string} from followed where it is a link
 * @param {string} to
 */
function copy(from, to, mode = FILE) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, mode);
}

/**
 * @param {string} file
 * @param {string} text
 */
function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: FILE });
}
