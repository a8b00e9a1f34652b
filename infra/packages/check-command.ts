/**
 * `npm run pack:check`: packs each published package, and uses it as a project of its own would. `check.ts` is
 * what does so, on servers of its own; here is what it needs: a build, each supported Node, and
 * a browser.
 */
import { join } from 'node:path';
import { STEPS } from './steps.ts';
import { findBrowser } from '../checks/find-browser.ts';
import { runOnServers, type Program } from '../checks/run-on-servers.ts';
import type { Session } from '../lifetime/session.ts';
import { obtainProgram } from '../matrix/programs.ts';
import { Unavailable } from '../matrix/unavailable.ts';
import { DATA_ROOT } from '../paths.ts';
import { build } from '../services/build.ts';
import { note, step } from '../steps.ts';
import { nearest } from '../usage/nearest.mjs';
import { WrongUsage, type Words } from '../usage/read-words.mjs';

const PROGRAM: Program = { name: 'pack:check', file: 'infra/packages/check.ts', durable: false };
const NODES = ['20', '22', '24'] as const;

/** @throws {WrongUsage} for a step that there is not */
export async function main({ names }: Words): Promise<number> {
  const steps = Object.keys(STEPS);
  for (const name of names) {
    if (steps.includes(name)) continue;
    const what = `there is no step ${name}; there are ${steps.join(', ')}`;
    throw new WrongUsage('npm run pack:check', what, nearest(name, steps));
  }
  return await runOnServers(PROGRAM, async (session) => {
    await findBrowser(session);
    await step('build', () => build(session));
    return [...names, ...(await nodesHere(session)).flatMap((node) => ['--node', node])];
  });
}

/** @returns `MAJOR=FILE` of each that can be had here */
async function nodesHere(session: Session): Promise<string[]> {
  const nodes: string[] = [];
  for (const major of NODES) {
    try {
      const { file } = await obtainProgram(session, join(DATA_ROOT, 'matrix'), 'node', major);
      nodes.push(`${major}=${file}`);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      note(`Node ${major} cannot be had: ${error.message}`);
      nodes.push(`${major}=`);
    }
  }
  return nodes;
}
