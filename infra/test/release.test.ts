/** The next version, written over texts as this checkout has them. */
import { expect, it } from 'vitest';
import { releaseOf, type Files } from '../packages/release.ts';

const ADDRESS = 'git+https://git.example.org/portcullis.git';

function filesWith({ unreleased = '- Something is new.\n', url = ADDRESS } = {}): Files {
  const repository = JSON.stringify({ repository: { url } }, null, 2).slice(1, -2);
  return new Map([
    ['package.json', '{\n  "version": "0.2.0",\n  "private": true\n}\n'],
    ['packages/verify/package.json', `{\n  "version": "0.2.0",${repository}\n}\n`],
    ['apps/auth/src/compose-server.ts', "const VERSION = '0.2.0';\nconst FORMER = '0.2.0';\n"],
    ['CHANGELOG.md', `# Changelog\n\n## Unreleased\n\n${unreleased}\n## 0.2.0\n\n- Old.\n`],
  ]);
}

it('is in every manifest, in what services say, and in the changelog', () => {
  const files = filesWith();
  const changed = releaseOf(files, '0.2.1');
  expect([...changed.keys()]).toEqual([...files.keys()]);
  expect(changed.get('packages/verify/package.json')).toContain('"version": "0.2.1"');
  expect(changed.get('apps/auth/src/compose-server.ts')).toBe(
    "const VERSION = '0.2.1';\nconst FORMER = '0.2.0';\n",
  );
  expect(changed.get('CHANGELOG.md')).toBe(
    '# Changelog\n\n## Unreleased\n\n## 0.2.1\n\n- Something is new.\n\n## 0.2.0\n\n- Old.\n',
  );
});

it('is what the examples depend on', () => {
  const ranges = { '@portcullis/verify': '^0.2.0', express: '^0.2.0' };
  const example = JSON.stringify({ version: '0.0.0', dependencies: ranges }, null, 2);
  const files = new Map([...filesWith(), ['examples/express/package.json', example]]);
  expect(releaseOf(files, '0.3.0').get('examples/express/package.json')).toBe(
    example.replace('verify": "^0.2.0', 'verify": "^0.3.0'),
  );
});

it.each(['0.2.1', '0.3.0', '1.0.0'])('may be %s', (version) => {
  expect(releaseOf(filesWith(), version).size).toBe(4);
});

it.each(['0.2.0', '0.1.9', '0.2.2', '0.4.0', '2.0.0', '0.3', '0.3.0-rc.1', 'v0.3.0', '0.03.0'])(
  'may not be %s',
  (version) => {
    expect(() => releaseOf(filesWith(), version)).toThrow(version);
  },
);

it('raises what a caret holds where something breaks', () => {
  const files = filesWith({ unreleased: '**Stop**, for one call.\n' });
  expect(() => releaseOf(files, '0.2.1')).toThrow('Stop');
  expect(releaseOf(files, '0.3.0').size).toBe(4);
});

it('has something in it', () => {
  expect(() => releaseOf(filesWith({ unreleased: '' }), '0.2.1')).toThrow('nothing');
});

it('says where the sources are', () => {
  const nowhere = filesWith({ url: 'git+https://portcullis.example/portcullis.git' });
  expect(() => releaseOf(nowhere, '0.2.1')).toThrow('where their sources are');
  expect(() => releaseOf(nowhere, '0.2.1', 'https://x')).toThrow('no address');
  const changed = releaseOf(nowhere, '0.2.1', ADDRESS);
  expect(changed.get('packages/verify/package.json')).toContain(`"url": "${ADDRESS}"`);
});
