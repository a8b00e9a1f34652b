/**
 * The tree of the image of auth, made as the Dockerfile makes it but for the version of Node, holds what it should and
 * serves under the image's own user. `npm run image` does the same for each service, with the image's Node.
 */
import { accessSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '@portcullis/testbed';
import { confinedCommand, whyNotConfined } from '../../image/confined.ts';
import { BUILD, RUN, RUNTIME } from '../../image/contents.mjs';
import { makeRuntime, makeService } from '../../image/make-tree.mjs';
import { startConfined } from '../../image/start-service.ts';
import { surroundingsOf } from '../../image/surroundings.ts';
import { ROOT } from '../../paths.ts';

const SETUP_MS = 240_000;
const why = whyNotConfined() ?? whyNotThisSystem();

function whyNotThisSystem(): string | undefined {
  const release = readFileSync('/etc/os-release', 'utf8');
  return release.includes(`VERSION_CODENAME=${BUILD.debian}`)
    ? undefined
    : `its libraries are those of Debian ${BUILD.debian}, and this is another system`;
}

describe.skipIf(why !== undefined)(`the tree of auth${why === undefined ? '' : `: ${why}`}`, () => {
  let tree: string;
  beforeAll(async () => {
    tree = mkdtempSync('/var/tmp/portcullis-image-');
    // A Node of the system's own packages has no licence beside it.
    makeRuntime(tree, process.execPath, join(ROOT, 'LICENSE'));
    await makeService('auth', tree, ROOT);
  }, SETUP_MS);
  afterAll(() => rmSync(tree, { recursive: true }));

  const files = (): string[] =>
    readdirSync(tree, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(tree.length));

  test('has Node and its libraries to be run, and no other program', () => {
    const programs = files().filter((path) => isProgram(join(tree, path)));
    const names = programs.filter((path) => path !== RUNTIME.node && !path.startsWith('/lib'));
    expect(programs).toContain(RUNTIME.node);
    expect(names).toEqual([]);
  });

  test('has no source, test, source map or development dependency', () => {
    const unwanted = /\.(?:map|ts|tsx)$|\/test\/|\/src\/|\/(?:esbuild|typescript|vitest)\//;
    expect(files().filter((path) => unwanted.test(path))).toEqual([]);
    expect(files()).toContain('/portcullis/apps/auth/migrations/meta/_journal.json');
  });

  test('has a bill of materials that names what is in the programs', () => {
    const read = (name: string) =>
      JSON.parse(readFileSync(join(tree, 'portcullis', name), 'utf8')) as {
        bomFormat: string;
        components: { name: string; version: string; purl: string }[];
      };
    const service = read('auth.cdx.json');
    const names = service.components.map(({ name }) => name);
    expect(service.bomFormat).toBe('CycloneDX');
    expect(names).toEqual(expect.arrayContaining(['argon2', 'fastify', 'postgres', 'verify']));
    expect(names).not.toContain('typescript');
    const runtime = read('runtime.cdx.json').components.map(({ purl }) => purl);
    expect(runtime.join('\n')).toMatch(/^pkg:generic\/node@[\d.]+\npkg:deb\/debian\/libc6@/);
  });

  test(
    'serves as an unprivileged user without capabilities, on a root that is read-only, and ends with 0',
    async () => {
      await using surroundings = await surroundingsOf('auth');
      const { env } = surroundings;
      const once = async (program: string): Promise<string> =>
        await run({ name: program, ...confinedCommand(tree, 'auth', env, program) });
      await once('dist/commands/migrate.js');
      await using auth = await startConfined(tree, 'auth', env);
      expect(auth.status).toMatchObject({
        Uid: expect.stringContaining(RUN.user.split(':')[0] ?? ''),
        NoNewPrivs: '1',
        CapPrm: '0000000000000000',
        CapEff: '0000000000000000',
        CapInh: '0000000000000000',
        CapAmb: '0000000000000000',
      });
      expect(auth.mounts).toMatch(/ \/ \w+ ro,/);
      expect(auth.mounts).toMatch(/ \/tmp tmpfs rw,.*size=16384k/);
      await once('../../health.mjs');
      expect(await auth.stop()).toBe(0);
      await expect(once('../../health.mjs')).rejects.toThrow('ended with 1');
    },
    SETUP_MS,
  );
});

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
