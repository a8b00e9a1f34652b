/**
 * What the images hold and how they are run. The Dockerfile is compared with this, and copies what is built by it;
 * `npm run image` builds the same tree here.
 *
 * Node 24 is the newest line that the whole of `npm test` runs on (docs/operations.md, Supported versions).
 */
import { readFileSync } from 'node:fs';

/** @typedef {'auth' | 'user' | 'admin'} Service */

/** @type {{ packageManager: string }} */
const { packageManager } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

/** Where it is built, and where Node and its libraries come from. */
export const BUILD = {
  image: 'node:24.22.3-bookworm-slim',
  node: '24.22.3',
  /** The code name of its Debian. */
  debian: 'bookworm',
  pnpm: packageManager,
};

/** What every service runs on, and nothing else: no shell, no package manager, no certificates but Node's own. */
export const RUNTIME = {
  node: '/usr/local/bin/node',
  /** That Node and the modules in machine code load. The loader, whose name has the processor in it, comes along. */
  libraries: [
    'libc.so.6',
    'libdl.so.2',
    'libgcc_s.so.1',
    'libm.so.6',
    'libpthread.so.0',
    'librt.so.1',
    'libstdc++.so.6',
  ],
  /** Debian's packages that they are from: for the licences and the bill of materials. */
  packages: ['libc6', 'libgcc-s1', 'libstdc++6'],
  /** Mount points, and what may be written once a tmpfs is mounted there. */
  folders: { tmp: 0o1777, proc: 0o555, dev: 0o755 },
  files: {
    'etc/passwd': 'portcullis:x:65532:65532:portcullis:/:/nonexistent\n',
    'etc/group': 'portcullis:x:65532:\n',
    // Without it the C library asks the name server before it looks into /etc/hosts.
    'etc/nsswitch.conf': 'hosts: files dns\n',
  },
};

/** How it is run, whichever service it is. */
export const RUN = {
  /** No account of any host, and none that a volume belongs to. */
  user: '65532:65532',
  entrypoint: [RUNTIME.node],
  command: ['dist/main.js'],
  stopSignal: 'SIGTERM',
  environment: {
    NODE_ENV: 'production',
    HOST: '0.0.0.0',
    // docs/operations.md, Logins.
    NODE_OPTIONS: '--max-semi-space-size=32',
  },
  health: {
    command: [RUNTIME.node, '/portcullis/health.mjs'],
    interval: '10s',
    timeout: '3s',
    startPeriod: '30s',
    retries: 3,
  },
};

const SWAGGER = {
  name: 'swagger-ui-dist',
  files: [
    'LICENSE',
    'NOTICE',
    'favicon-32x32.png',
    'package.json',
    'swagger-ui-bundle.js',
    'swagger-ui-bundle.js.LICENSE.txt',
    'swagger-ui.css',
  ],
};
const ARGON2 = {
  name: '@node-rs/argon2',
  files: ['LICENSE', 'index.js', 'package.json'],
  /** The package with the binary is named after it and the platform. */
  binary: true,
};

/**
 * @typedef {{ name: string, files: string[], binary?: boolean }} Dependency
 * @type {Record<Service, { port: number, folders: string[], dependencies: Dependency[] }>}
 */
export const SERVICES = {
  auth: { port: 4000, folders: ['migrations'], dependencies: [ARGON2, SWAGGER] },
  user: { port: 4001, folders: ['migrations'], dependencies: [SWAGGER] },
  admin: { port: 4002, folders: [], dependencies: [SWAGGER] },
};

/** Of all services. @type {readonly Service[]} */
export const NAMES = ['auth', 'user', 'admin'];

/** @param {Service} service */
export const folderOf = (service) => `/portcullis/apps/${service}`;
