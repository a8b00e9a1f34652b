import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquireLock } from '../lifetime/lock.mjs';
import { PINNED_PNPM, pnpmCommand } from './package-manager.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const STAMP = join(ROOT, 'node_modules', '.portcullis-installed');
const LOCK_WAIT_MS = 300_000;

/** Installs the workspace's dependencies, unless nothing has changed since the last time. */
export async function installDependencies() {
  const started = performance.now();
  if (isCurrent()) {
    report('dependencies', started, 'unchanged');
    return;
  }
  // `npm start` and `npm test` may both be first in a new clone; pnpm in one folder twice corrupts it.
  const folder = join(ROOT, '.portcullis');
  mkdirSync(folder, { recursive: true });
  const lock = await acquireLock(join(folder, 'install'), { waitMs: LOCK_WAIT_MS });
  try {
    if (!isCurrent()) {
      const command = pnpmCommand();
      console.log(`  installing dependencies with ${command.at(-1)} ...`);
      await pnpmInstall(command);
      writeFileSync(STAMP, fingerprint());
    }
  } finally {
    lock.release();
  }
  report('dependencies', started, 'installed');
}

function isCurrent() {
  try {
    if (readFileSync(STAMP, 'utf8') !== fingerprint()) return false;
  } catch {
    return false;
  }
  return workspaces().every(
    (folder) => !hasDependencies(folder) || existsSync(join(folder, 'node_modules')),
  );
}

function fingerprint() {
  const hash = createHash('sha256').update(
    `${process.version} ${process.platform} ${process.arch}`,
  );
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml'].map((name) => join(ROOT, name));
  for (const folder of [ROOT, ...workspaces()]) files.push(join(folder, 'package.json'));
  for (const file of files)
    hash.update(`\0${file.slice(ROOT.length)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

function workspaces() {
  const nested = ['apps', 'packages'].flatMap((parent) => {
    const folder = join(ROOT, parent);
    return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  });
  return [...nested.toSorted(), join(ROOT, 'infra')].filter((folder) =>
    existsSync(join(folder, 'package.json')),
  );
}

/** @param {string} folder */
function hasDependencies(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).length > 0;
}

/**
 * @param {string[]} command
 * @returns {Promise<void>}
 */
function pnpmInstall([file = 'pnpm', ...args]) {
  return new Promise((resolve, reject) => {
    /** @type {Buffer[]} */
    const output = [];
    const child = spawn(file, [...args, 'install', '--frozen-lockfile'], {
      cwd: ROOT,
      // Without a terminal pnpm stops to ask before it replaces a node_modules; CI=true is its "yes".
      env: { ...process.env, CI: 'true' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('error', (error) => reject(installFailure(`${file}: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(
          installFailure(
            `${Buffer.concat(output).toString()}\n(${signal ?? `exit status ${code}`})`,
          ),
        );
    });
  });
}

/** @param {string} detail */
function installFailure(detail) {
  const fix = `npx -y ${PINNED_PNPM} install`;
  const tail = detail.trim().split('\n').slice(-30).join('\n');
  return Object.assign(new Error(`${tail}\n\nInstalling the dependencies failed.\nFix: ${fix}`), {
    fix,
  });
}

/**
 * @param {string} name
 * @param {number} started
 * @param {string} detail
 */
function report(name, started, detail) {
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`  ${name.padEnd(14)} ${seconds.padStart(6)} s  ${detail}`);
}
