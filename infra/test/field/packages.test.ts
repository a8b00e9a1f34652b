/** The packages as a project of their users gets them: packed, and unpacked outside of this workspace. */
import { newId } from '@portcullis/contracts';
import { encodeSnapshot, type RevocationEntry } from '@portcullis/snapshot';
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packAll, type Tarball } from '../../packages/pack.ts';
import { ROOT } from '../../paths.ts';
import { unpack } from '../packages/unpacked.ts';

const execute = promisify(execFile);

interface Packed extends Tarball {
  /** Where it was unpacked. */
  at: string;
  files: string[];
}

let project: string;
/** By the name of the folder in `packages`. */
const packed = new Map<string, Packed>();

/** Where all of them say that their sources are. */
const REPOSITORY = { type: 'git', url: expect.stringMatching(/^git\+https:\/\/.+\.git$/) };

/** What a bundler makes of these lines; it has to have no complaint. */
async function bundle(lines: string, platform: 'browser' | 'node'): Promise<string> {
  const bundled = await build({
    stdin: { contents: lines, resolveDir: project },
    bundle: true,
    minify: true,
    platform,
    format: 'cjs',
    write: false,
    logLevel: 'silent',
  }).catch((error: { errors: { text: string }[] }) => error);
  expect(bundled.errors.map(({ text }) => text)).toEqual([]);
  return 'outputFiles' in bundled ? (bundled.outputFiles[0]?.text ?? '') : '';
}

beforeAll(async () => {
  project = await realpath(await mkdtemp(join(tmpdir(), 'portcullis-packed-')));
  await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  for (const tarball of await packAll(project)) {
    const at = await unpack(tarball, project);
    const { stdout } = await execute('tar', ['-tzf', tarball.file]);
    const files = stdout.trim().split('\n');
    packed.set(tarball.folder, {
      ...tarball,
      at,
      files: files.map((path) => path.replace(/^package\//, '')),
    });
  }
}, 300_000);

afterAll(async () => {
  await rm(project, { recursive: true, force: true });
});

describe('a project of a user', () => {
  it('D4: tests its service by the in-memory issuer, without clients of servers', async () => {
    await writeFile(
      join(project, 'service.test.mjs'),
      `import { createTestIssuer } from '@portcullis/testkit';
       import { createVerifier } from '@portcullis/verify';
       const issuer = await createTestIssuer({ audience: 'urn:acme:orders' });
       const { issuer: address, audience } = issuer;
       const feed = issuer.revocations.feed();
       const verifier = await createVerifier({ issuer: address, audience, service: 'orders', feed });
       await verifier.ready();
       const token = await issuer.mint();
       const claims = await verifier.verify(token);
       issuer.revocations.revoke({ kind: 'session', key: claims.sid });
       const refused = await verifier.verify(token).catch((error) => error.code);
       console.log(claims.aud.includes('urn:acme:orders'), refused);
       await verifier[Symbol.asyncDispose]();
       await issuer[Symbol.asyncDispose]();`,
    );
    const { stdout, stderr } = await execute(process.execPath, ['service.test.mjs'], {
      cwd: project,
    }).catch((error: { stdout: string; stderr: string }) => error);
    expect(stderr).toBe('');
    expect(stdout).toBe('true invalid_token\n');
    expect(Object.keys(packed.get('testkit')?.manifest.dependencies ?? {}).toSorted()).toEqual([
      '@portcullis/contracts',
    ]);
  });
});

describe('what a published package depends on', () => {
  it('D5: is what the workspace has, by no override and no patch', async () => {
    const workspace = await readFile(join(ROOT, 'pnpm-workspace.yaml'), 'utf8');
    const section = (name: string): string[] =>
      [
        ...(new RegExp(`^${name}:\n((?:  .*\n)*)`, 'm').exec(workspace)?.[1] ?? '').matchAll(
          /^  '?([^\s#'].*?)'?: /gm,
        ),
      ].map(([, key = '']) => key.replace(/(?<=.)@.*/, ''));
    const touched = [...section('overrides'), ...section('patchedDependencies')];
    expect(touched).toContain('@nats-io/nuid');
    expect(touched).toContain('postgres');
    const found: string[] = [];
    for (const name of packed.keys()) {
      for (const inside of await closureOf(join(ROOT, 'packages', name))) {
        if (touched.includes(inside)) found.push(`${name}: ${inside}`);
      }
    }
    expect(found).toEqual([]);
  });

  it('D5: may be the last NATS client that runs on Node 20', () => {
    for (const name of ['verify', 'events']) {
      const range = packed.get(name)?.manifest.peerDependencies?.['@nats-io/transport-node'];
      expect(range, name).toMatch(/^\^3\.[0-3]\./);
    }
  });

  it('D6: is a range', () => {
    const exact = [...packed].flatMap(([name, { manifest }]) =>
      Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies }).flatMap(
        ([dependency, range]) => (/^\d/.test(range) ? [`${name}: ${dependency} ${range}`] : []),
      ),
    );
    expect(exact).toEqual([]);
  });

  it('D6: is a tRPC that README compiles with', () => {
    expect(packed.get('verify')?.manifest.peerDependencies?.['@trpc/server']).toBe('^11.4.0');
  });
});

/** The names of all that a package needs at run time, as it is installed here; peers are its user's. */
async function closureOf(
  folder: string,
  seen = new Map<string, string>(),
): Promise<Iterable<string>> {
  const { dependencies = {} }: { dependencies?: object } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  );
  for (const name of Object.keys(dependencies)) {
    const at = await installedFrom(folder, name);
    if (seen.has(at)) continue;
    seen.set(at, name);
    await closureOf(at, seen);
  }
  return seen.values();
}

async function installedFrom(folder: string, name: string): Promise<string> {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    const found = await realpath(join(at, 'node_modules', name)).catch(() => undefined);
    if (found !== undefined) return found;
  }
  throw new Error(`${name} is not installed for ${folder}`);
}

describe('a tarball', () => {
  it('D11: has the licence and a page, may be published, and has no trace of the build', async () => {
    for (const [name, { at, files }] of packed) {
      expect(files, name).toEqual(
        expect.arrayContaining(['LICENSE', 'README.md', 'dist/index.js']),
      );
      expect(
        files.filter((file) => file.endsWith('.tsbuildinfo')),
        name,
      ).toEqual([]);
      const manifest: unknown = JSON.parse(await readFile(join(at, 'package.json'), 'utf8'));
      expect(manifest, name).toMatchObject({
        license: 'Apache-2.0',
        description: expect.any(String),
        keywords: expect.arrayContaining([expect.any(String)]),
        repository: { ...REPOSITORY, directory: `packages/${name}` },
        engines: { node: '>=20.19.0' },
        sideEffects: false,
        publishConfig: { access: 'public' },
      });
      expect(JSON.stringify(manifest), name).not.toMatch(/workspace:|catalog:|file:|link:/);
      const licence = await readFile(join(at, 'LICENSE'), 'utf8');
      expect(licence, name).toMatch(/Apache License\s+Version 2\.0, January 2004/);
      const page = await readFile(join(at, 'README.md'), 'utf8');
      expect(page, name).toContain(`# @portcullis/${name}`);
      expect(page, name).toMatch(/nodenext.*bundler/s);
    }
  });

  it('D11: says where its sources are, as all others do', async () => {
    const urls = await Promise.all(
      [...packed.values()].map(async ({ at }) => {
        const manifest: unknown = JSON.parse(await readFile(join(at, 'package.json'), 'utf8'));
        return Object(manifest).repository.url;
      }),
    );
    expect(new Set(urls).size).toBe(1);
  });

  it("D11: of the verifier bundles without zod's locales", async () => {
    const text = await bundle(`export { createVerifier } from '@portcullis/verify'`, 'node');
    // A word of the Ukrainian one.
    expect(/Неправильн|\\u041d\\u0435\\u043f\\u0440\\u0430\\u0432\\u0438/i.test(text)).toBe(false);
    expect(text.length).toBeLessThan(250_000);
  });
});

describe('in a browser', () => {
  it('W5: the close codes of sockets bundle, and little with them', async () => {
    const text = await bundle(`export { CLOSE_CODES } from '@portcullis/contracts'`, 'browser');
    const module = { exports: {} };
    runInNewContext(text, { module });
    expect(module.exports).toMatchObject({ CLOSE_CODES: expect.any(Object) });
    expect(text.length).toBeLessThan(2_000);
  }, 60_000);

  it.each(['contracts', 'client'])('W5: all of %s bundles and starts', async (name) => {
    const text = await bundle(`export * from '@portcullis/${name}'`, 'browser');
    const module = { exports: {} };
    const { URL, TextEncoder, TextDecoder } = globalThis;
    runInNewContext(text, { module, URL, TextEncoder, TextDecoder });
    expect(Object.keys(module.exports).length).toBeGreaterThan(1);
    expect(text).not.toMatch(/require\("(?!\s)/);
  });

  it('W5: a snapshot has the same checksums as with Node', async () => {
    const text = await bundle(`export { encodeSnapshot } from '@portcullis/snapshot'`, 'browser');
    const place = { epoch: newId('epo'), position: 7 };
    const entries: RevocationEntry[] = [{ kind: 'session', key: newId('ses'), expires_at: null }];
    const module = { exports: {} };
    const { TextEncoder } = globalThis;
    const context = { module, place, entries, TextEncoder };
    const bytes: unknown = runInNewContext(
      `${text}; [...module.exports.encodeSnapshot(place, entries)].join()`,
      context,
    );
    expect(bytes).toBe([...encodeSnapshot(place, entries)].join());
  });
});
