/** Each package alone, with what it depends on and its peers. */
import { join } from 'node:path';
import { withOwn, type Tarball } from './pack.ts';
import { entriesOf, Project } from './project.ts';
import type { Stage } from './stage.ts';
import type { Sequence } from './steps.ts';
import { besideOnNode20, LAST_ON_NODE_20 } from './versions.ts';

const NATS = '@nats-io/transport-node';
type Others = Readonly<Record<string, string>>;

/** Installed strictly, on each Node, and each of its entries loaded. */
export function installChecks({ folder, nodes, tarballs }: Stage): Sequence[] {
  return ['20', '22', '24'].flatMap((node) =>
    mostPeersFirst(tarballs).map((tarball) => [
      {
        name: `${tarball.folder}, Node ${node}`,
        node,
        run: async () => {
          const place = join(folder, `${tarball.folder}-${node}`);
          const project = new Project(place, nodes.get(node) ?? process.execPath);
          await project.install(withOwn(tarball, tarballs), peersOf(tarball, node));
          await project.load(entriesOf([tarball]));
        },
      },
    ]),
  );
}

/** What examples on pages use beside the peers of their package: of ours, and of others. */
const SHOWN: Readonly<Record<string, { own?: readonly string[]; others?: Others }>> = {
  react: { others: { '@tanstack/react-query': '^5.0.0', '@types/react': '^19.0.0' } },
  testkit: { own: ['verify'] },
  // That of Koa: its types look for what a later one, which Express has, does not have.
  verify: { others: { 'content-disposition': '^1.0.0' } },
};
const TYPES = { '@types/express': '^5.0.0', '@types/koa': '^3.0.0', '@types/node': '^20.19.0' };

/**
 * The examples of its page and each of its entries, with the declarations of all that they import. Each way to look for
 * modules is a part of the step `peers`.
 */
export function typeChecks(stage: Stage): Sequence[] {
  return mostPeersFirst(stage.tarballs).map((tarball) => {
    let installed: Promise<Project> | undefined;
    const projectOfIt = (): Promise<Project> => (installed ??= projectWithTypes(tarball, stage));
    // The declarations of the NATS client do not hold with it, as the pages of these packages say.
    const exactOptional = !(NATS in tarball.manifest.peerDependencies);
    const options = { resolution: 'nodenext', checkLibraries: true, exactOptional } as const;
    return [...stage.tools.compilers].map(([version, compiler]) => ({
      name: `${tarball.folder}, TypeScript ${version}`,
      run: async () => (await projectOfIt()).compile({ compiler, ...options }),
    }));
  });
}

async function projectWithTypes(tarball: Tarball, { folder, tarballs }: Stage): Promise<Project> {
  const project = new Project(join(folder, `${tarball.folder}-types`), process.execPath);
  const { own = [], others } = SHOWN[tarball.folder] ?? {};
  const used = tarballs.filter((one) => one === tarball || own.includes(one.folder));
  const files = new Set(used.flatMap((one) => withOwn(one, tarballs)));
  const peers = peersOf(tarball, process.versions.node);
  await project.install([...files], { ...peers, ...TYPES, ...others });
  project.addUsesOf([tarball]);
  return project;
}

/** What takes longest begins first. */
const mostPeersFirst = (tarballs: readonly Tarball[]): Tarball[] => {
  const peers = ({ manifest }: Tarball): number => Object.keys(manifest.peerDependencies).length;
  return tarballs.toSorted((one, other) => peers(other) - peers(one));
};

function peersOf({ manifest }: Tarball, node: string): Record<string, string> {
  const peers = manifest.peerDependencies;
  if (!node.startsWith('20')) return peers;
  const last = Object.entries(LAST_ON_NODE_20).filter(([name]) => name in peers);
  return { ...peers, ...Object.fromEntries(last), ...besideOnNode20(Object.keys(peers)) };
}
