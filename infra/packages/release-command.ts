/** `npm run release -- VERSION`: what `release.ts` says of the files of this checkout, written. It publishes nothing. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishedFolders } from './pack.ts';
import { releaseOf, type Files } from './release.ts';
import { ROOT } from '../paths.ts';
import { note } from '../steps.ts';
import { WrongUsage, type Words } from '../usage/read-words.mjs';

/** @throws {WrongUsage} without a version; StepFailure for one that cannot be the next */
export function main(words: Words): number {
  const [version] = words.names;
  if (version === undefined) {
    throw new WrongUsage('npm run release', 'no VERSION is given', undefined);
  }
  const changed = releaseOf(filesOfRelease(), version, words.value('repository'));
  for (const [path, text] of changed) {
    writeFileSync(join(ROOT, path), text);
    note(path);
  }
  console.log(`\nNext:
  npm test && npm run pack:check
  git commit -am 'release: ${version}' && git tag v${version}
  npm run pack
  ${publishedFolders()
    .map((folder) => `npm publish .portcullis/packages/portcullis-${folder}-${version}.tgz`)
    .join('\n  ')}`);
  return 0;
}

/** Every manifest, what the services say of themselves, and the changelog, by path. */
function filesOfRelease(): Files {
  const members = ['apps', 'packages'].flatMap((parent) =>
    readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}`),
  );
  const examples = readdirSync(join(ROOT, 'examples'), { withFileTypes: true })
    .filter((one) => one.isDirectory())
    .map(({ name }) => `examples/${name}`);
  const manifests = ['.', 'infra', 'bench', ...members, ...examples].map((folder) =>
    join(folder, 'package.json'),
  );
  const services = ['admin/src/compose.ts', 'auth/src/compose-server.ts', 'user/src/compose.ts'];
  const paths = [...manifests, ...services.map((file) => `apps/${file}`), 'CHANGELOG.md'];
  return new Map(paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}
