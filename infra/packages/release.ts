/**
 * One version for everything: packages, services and the changelog get it together.
 *
 * Invariant: what a release breaks is in the part "Unreleased" of the changelog, under **Stop**, and such a release raises
 * the number that a caret holds (the minor below 1.0.0), so that no range of an adopter takes it by itself.
 */
import { StepFailure } from '../steps.ts';

/** Texts by path. */
export type Files = ReadonlyMap<string, string>;

const UNRELEASED = /^## Unreleased\n([\s\S]*?)(?=^## )/m;
const OWN_RANGE = /("@portcullis\/[\w-]+"): "\^([\d.]+)"/g;
const STOP = /^\*\*Stop\*\*/m;
/** A name that no one can own (RFC 2606): the sources are published nowhere yet. */
const NO_ADDRESS = 'portcullis.example';

type Version = readonly [major: number, minor: number, patch: number];

/**
 * @param files package.json of the root and of each member, sources with `const VERSION`, and CHANGELOG.md
 * @param repository where the sources are published from now on, as in `git+https://host/path.git`
 * @returns those that change, whole
 * @throws StepFailure that says why this cannot be the next version
 */
export function releaseOf(files: Files, version: string, repository?: string): Files {
  const present = versionIn(files.get('package.json') ?? '');
  const changelog = files.get('CHANGELOG.md') ?? '';
  const unreleased = UNRELEASED.exec(changelog)?.[1] ?? '';
  requireNext(read(present), read(version), STOP.test(unreleased));
  if (unreleased.trim() === '') {
    throw new StepFailure('CHANGELOG.md has nothing under "Unreleased".', {
      fix: 'say there what has changed for those who use it',
    });
  }
  const changed = new Map<string, string>();
  for (const [path, text] of files) {
    const next = path.endsWith('package.json')
      ? manifestAt(text, present, version, repository)
      : text
          .replace(`const VERSION = '${present}'`, `const VERSION = '${version}'`)
          .replace('## Unreleased\n', `## Unreleased\n\n## ${version}\n`);
    if (next !== text) changed.set(path, next);
  }
  return changed;
}

function manifestAt(
  text: string,
  present: string,
  version: string,
  repository: string | undefined,
): string {
  const next = text
    .replace(`"version": "${present}"`, `"version": "${version}"`)
    // Of the examples, which name the packages as users do.
    .replaceAll(OWN_RANGE, (dependency, name: string, range: string) =>
      range === present ? `${name}: "^${version}"` : dependency,
    );
  if (!next.includes('"repository": {')) return next;
  if (repository === undefined && next.includes(NO_ADDRESS)) {
    throw new StepFailure('The packages do not say yet where their sources are published.', {
      fix: `npm run release -- ${version} --repository git+https://HOST/PATH.git`,
    });
  }
  if (repository === undefined) return next;
  if (!/^git\+https:\/\/[\w.-]+\/[\w./-]+\.git$/.test(repository)) {
    throw new StepFailure(`${repository} is no address of a repository.`, {
      fix: '--repository git+https://HOST/PATH.git',
    });
  }
  return next.replace(/"url": "git\+https:[^"]*"/, `"url": "${repository}"`);
}

const versionIn = (manifest: string): string => /"version": "([^"]+)"/.exec(manifest)?.[1] ?? '';

/** @throws StepFailure for what is no version of three numbers */
function read(version: string): Version {
  const [, major, minor, patch] = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/.exec(version) ?? [];
  if (major === undefined) {
    throw new StepFailure(`${version} is not a version.`, { fix: 'three numbers, as in 0.3.0' });
  }
  return [Number(major), Number(minor), Number(patch)];
}

function requireNext(present: Version, next: Version, breaks: boolean): void {
  const [major, minor, patch] = present;
  const candidates: Version[] = [
    [major + 1, 0, 0],
    [major, minor + 1, 0],
    [major, minor, patch + 1],
  ];
  // What is before 1.0.0 breaks with the minor (Semantic Versioning 2.0.0, 4; and a caret says so).
  const usable = breaks ? candidates.slice(0, major === 0 ? 2 : 1) : candidates;
  if (usable.some((one) => one.join('.') === next.join('.'))) return;
  const why = breaks ? ' (CHANGELOG.md has a Stop under "Unreleased")' : '';
  throw new StepFailure(`After ${present.join('.')} comes no ${next.join('.')}${why}.`, {
    fix: `one of ${usable.map((one) => one.join('.')).join(', ')}`,
  });
}
