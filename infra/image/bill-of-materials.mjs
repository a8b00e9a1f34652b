/**
 * What an image is made of, in CycloneDX. pnpm writes it of the lockfile; of that stays what is in the programs, which
 * esbuild lists, and what is copied. So nothing that only another platform or a developer needs is in it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BUILD, RUNTIME, SERVICES } from './contents.mjs';
import { pnpmCommand } from '../install/package-manager.mjs';

/** @typedef {{ name: string, version: string, group?: string, purl?: string, 'bom-ref': string }} Component */
/** @typedef {{ ref: string, dependsOn?: string[] }} Needs */
/** @typedef {{ components: Component[], dependencies: Needs[], metadata: { component: Component } }} Bill */

const PACKAGE = /node_modules\/\.pnpm\/[^/]+\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;
const OURS = /(?:^|\/)packages\/([\w-]+)\/src\//;

/**
 * @param {import('./contents.mjs').Service} service
 * @param {string} checkout
 * @param {import('esbuild').Metafile['outputs']} outputs of the programs
 * @returns {string} JSON
 * @throws {Error} when a program holds a package that is not in the lockfile's list
 */
export function billOfService(service, checkout, outputs) {
  const bill = billOfLockfile(service, checkout);
  const app = join(checkout, 'apps', service);
  const held = new Set([...bundled(app, outputs), ...copied(service, app)]);
  const named = new Map(bill.components.map((one) => [labelOf(one), one]));
  const missing = [...held].filter((label) => !named.has(label));
  if (missing.length > 0) throw new Error(`the lockfile does not have ${missing.join(', ')}`);
  const components = bill.components.filter((one) => held.has(labelOf(one)));
  const references = new Set([bill.metadata.component, ...components].map((one) => one['bom-ref']));
  const dependencies = bill.dependencies
    .filter(({ ref }) => references.has(ref))
    .map(({ ref, dependsOn = [] }) => ({
      ref,
      dependsOn: dependsOn.filter((other) => references.has(other)),
    }));
  return JSON.stringify({ ...bill, components, dependencies }, undefined, 1);
}

/** @returns {string} JSON: Node, and the packages of Debian that its libraries are from */
export function billOfRuntime() {
  const node = {
    type: 'application',
    name: 'node',
    version: BUILD.node,
    purl: `pkg:generic/node@${BUILD.node}`,
    cpe: `cpe:2.3:a:nodejs:node.js:${BUILD.node}:*:*:*:lts:*:*:*`,
  };
  const format = '${Package} ${Version} ${Architecture}\n';
  const installed = execFileSync('dpkg-query', ['-W', '-f', format, ...RUNTIME.packages], {
    encoding: 'utf8',
  });
  const libraries = installed
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', version = '', architecture = ''] = line.split(' ');
      const where = `arch=${architecture}&distro=${BUILD.debian}`;
      const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?${where}`;
      return { type: 'library', name, version, purl };
    });
  const head = { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 };
  return JSON.stringify({ ...head, components: [node, ...libraries] }, undefined, 1);
}

/**
 * @param {import('./contents.mjs').Service} service
 * @param {string} checkout
 * @returns {Bill}
 */
function billOfLockfile(service, checkout) {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bill-'));
  const file = join(folder, 'bill.json');
  const [pnpm = 'pnpm', ...before] = pnpmCommand();
  try {
    const what = ['--filter', `@portcullis/${service}`, 'sbom', '--lockfile-only', '--prod'];
    const how = ['--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--out', file];
    execFileSync(pnpm, [...before, ...what, ...how], {
      cwd: checkout,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return JSON.parse(readFileSync(file, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {Component} component */
const labelOf = ({ group, name, version }) =>
  `${group === undefined ? '' : `${group}/`}${name}@${version}`;

/**
 * @param {string} app
 * @param {import('esbuild').Metafile['outputs']} outputs
 * @returns {string[]}
 */
function bundled(app, outputs) {
  const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
  const folders = new Set();
  for (const input of inputs) {
    const found = PACKAGE.exec(input) ?? OURS.exec(input);
    if (found === null) continue;
    const end = found[0].endsWith('/src/') ? '/src/'.length : 1;
    folders.add(input.slice(0, found.index + found[0].length - end));
  }
  return [...folders].map((folder) => labelIn(join(app, folder)));
}

/**
 * @param {import('./contents.mjs').Service} service
 * @param {string} app
 * @returns {string[]}
 */
function copied(service, app) {
  return SERVICES[service].dependencies.flatMap(({ name, binary = false }) => {
    const folder = realpathSync(join(app, 'node_modules', name));
    const beside = binary
      ? readdirSync(dirname(folder)).map((one) => join(dirname(folder), one))
      : [folder];
    return beside.map(labelIn);
  });
}

/** @param {string} folder of a package */
function labelIn(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return `${name}@${version}`;
}
