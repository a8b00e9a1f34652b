import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { DATA_ROOT } from '../paths.ts';
import { step } from '../steps.ts';

/**
 * The Node of the images, which is on few machines: npm's package of its binary, kept in `.portcullis`.
 *
 * @param version a whole one
 * @returns the program
 */
export async function obtainNode(session: Session, version: string): Promise<string> {
  if (process.versions.node === version) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(DATA_ROOT, 'node', version);
  const file = join(folder, 'node_modules', name, 'bin', 'node');
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  // npm looks for a package.json upwards, and would otherwise find the workspace's.
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const install = ['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts'] as const;
  const output = { file: join(session.dataFolder, 'logs', 'npm.log') };
  await step(`node ${version}`, () =>
    mustRun(session.supervisor, {
      name: 'npm install',
      argv: [...install, `${name}@${version}`],
      cwd: folder,
      output,
    }),
  );
  return file;
}
