/**
 * Manifests, held to what Kubernetes takes: by the validators of its OpenAPI document, and, because those let unknown
 * names pass as the API does, by the types that are made of it. A misspelt name is an error of the compiler.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Manifest } from './manifest-containers.ts';
import { tool } from '../paths.ts';

interface Model {
  new (data: object): { validate(): void };
}

/** A CustomResourceDefinition is not in Kubernetes's own package. */
const OPERATOR = /^monitoring\.coreos\.com\//;

/** @returns the module of its model */
function moduleOf({ apiVersion, kind }: Manifest): string {
  if (OPERATOR.test(apiVersion))
    return `@kubernetes-models/prometheus-operator/${apiVersion}/${kind}`;
  return `kubernetes-models/${apiVersion}/${kind}`;
}

/**
 * @param packages the folder that the models are installed in
 * @returns a line for each manifest that is not valid
 */
export async function invalid(packages: string, manifests: readonly Manifest[]): Promise<string[]> {
  const found: string[] = [];
  for (const manifest of manifests) {
    const file = join(packages, 'node_modules', `${moduleOf(manifest)}.js`);
    const models: Record<string, Model | undefined> = await import(pathToFileURL(file).href);
    const Kind = models[manifest.kind];
    if (Kind === undefined) throw new Error(`there is no model of ${manifest.kind}`);
    try {
      new Kind(manifest).validate();
    } catch (error) {
      found.push(`${manifest.kind} ${manifest.metadata.name}: ${String(error)}`);
    }
  }
  return found;
}

/** @returns what the compiler says of them */
export function misspelt(packages: string, manifests: readonly Manifest[]): string[] {
  const folder = join(packages, 'checked');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const imports = [...new Set(manifests.map((one) => importOf(one)))];
  const values = manifests.map((one, index) => valueOf(one, index));
  writeFileSync(join(folder, 'manifests.ts'), [...imports, ...values].join('\n'));
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', ''];
  const said = spawnSync(tool('tsc'), [...options, 'manifests.ts'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (said.status === 0) return [];
  return (said.error?.message ?? said.stdout).trim().split('\n');
}

const importOf = (one: Manifest): string => `import type { I${one.kind} } from '${moduleOf(one)}';`;

/** The name of each stands in what the compiler says. */
const valueOf = (one: Manifest, index: number): string =>
  `export const ${one.kind}${index}: I${one.kind} = ${JSON.stringify(one, undefined, 1)};`;
