import { BUILD, SERVICES } from './image/contents.mjs';
import { obtainNode } from './image/obtain-node.ts';
import { runOnServers } from './checks/run-on-servers.ts';
import { nearest } from './usage/nearest.mjs';
import { WrongUsage, type Words } from './usage/read-words.mjs';

/** `npm run image`: the tree of each image, built and started here. @throws {WrongUsage} for another service */
export async function main({ names }: Words): Promise<number> {
  const known = Object.keys(SERVICES);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const what = `there is no service ${unknown}, but ${known.join(', ')}`;
    throw new WrongUsage('npm run image', what, nearest(unknown, known));
  }
  const program = { name: 'image', file: 'infra/image/main.ts', durable: false };
  return await runOnServers(program, async (session) => [
    await obtainNode(session, BUILD.node),
    ...names,
  ]);
}
