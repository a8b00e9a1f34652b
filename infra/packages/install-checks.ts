/** Each package alone, with what it depends on and its peers. */
import { join } from 'node:path';
import { withOwn, type Tarball } from './pack.ts';
import { entriesOf, Project } from './project.ts';
import type { Stage } from './stage.ts';
import type { Check } from './steps.ts';
import { besideOnNode20, LAST_ON_NODE_20 } from './versions.ts';

/** Installed strictly, on each Node, and each of its entries loaded. */
export function installChecks({ folder, nodes, tarballs }: Stage): Check[] {
  return ['20', '22', '24'].flatMap((node) =>
    tarballs.map((tarball) => ({
      name: `${tarball.folder}, Node ${node}`,
      node,
      run: async () => {
        const place = join(folder, `${tarball.folder}-${node}`);
        const project = new Project(place, nodes.get(node) ?? process.execPath);
        await project.install(withOwn(tarball, tarballs), peersOf(tarball, node));
        await project.load(entriesOf([tarball]));
      },
    })),
  );
}

/** What examples on pages use of others, beside the peers: types, and the package that a page is about testing. */
const TYPES = { '@types/express': '^5.0.0', '@types/koa': '^3.0.0', '@types/node': '^20.19.0' };
const ALSO_SHOWN: Readonly<Record<string, readonly string[]>> = { testkit: ['verify'] };

/** The examples of its page, with the declarations of all that they import. */
export function typeChecks({ folder, tarballs, tools }: Stage): Check[] {
  return tarballs.flatMap((tarball) =>
    [...tools.compilers].map(([version, compiler]) => ({
      name: `${tarball.folder}, TypeScript ${version}`,
      run: async () => {
        const place = join(folder, `${tarball.folder}-types-${version}`);
        const project = new Project(place, process.execPath);
        const shown = [tarball.folder, ...(ALSO_SHOWN[tarball.folder] ?? [])];
        const used = tarballs.filter((one) => shown.includes(one.folder));
        const own = new Set(used.flatMap((one) => withOwn(one, tarballs)));
        const peers = peersOf(tarball, process.versions.node);
        await project.install([...own], { ...peers, ...TYPES });
        project.addExamplesOf([tarball]);
        await project.compile({ compiler, resolution: 'nodenext', checkLibraries: true });
      },
    })),
  );
}

function peersOf({ manifest }: Tarball, node: string): Record<string, string> {
  const peers = manifest.peerDependencies;
  if (!node.startsWith('20')) return peers;
  const last = Object.entries(LAST_ON_NODE_20).filter(([name]) => name in peers);
  return { ...peers, ...Object.fromEntries(last), ...besideOnNode20(Object.keys(peers)) };
}
