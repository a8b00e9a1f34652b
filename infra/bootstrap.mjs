// The entry of `npm start`, `npm test`, and the `npm run` commands of our own: their words are read first.
//
// Plain JavaScript without dependencies, because it is what installs them. Everything after that is
// TypeScript, loaded into this same process: one process means that Ctrl-C, `kill` and `kill -9`
// need no forwarding.
import { register } from 'node:module';
import { COMMANDS } from './usage/commands.mjs';
import { readWords, WrongUsage } from './usage/read-words.mjs';

const FLOOR = /** @type {const} */ ([20, 19]);

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < FLOOR[0] || (major === FLOOR[0] && minor < FLOOR[1])) {
  console.error(`Portcullis needs Node ${FLOOR.join('.')} or newer; this is ${process.version}.`);
  console.error('Fix: install a current Node from https://nodejs.org, then run this again.');
  process.exit(1);
}

const command = process.argv[2] ?? '';
if (!Object.hasOwn(COMMANDS, command)) {
  console.error(`usage: node infra/bootstrap.mjs <${Object.keys(COMMANDS).join('|')}>`);
  process.exit(2);
}

await import('./lifetime/closed-output.mjs');
try {
  const words = readWords(command, process.argv.slice(3));
  if (typeof words === 'string') console.log(words);
  else process.exitCode = await run(words);
} catch (error) {
  process.exitCode = 1;
  if (error instanceof WrongUsage) {
    console.error(error.message);
    process.exitCode = 2;
  } else if (error instanceof Error && 'fix' in error) {
    console.error(error.message);
    const isSaid = error.fix === undefined || error.message.includes('Fix: ');
    if (!isSaid) console.error(`Fix: ${String(error.fix)}`);
  } else {
    console.error(error);
  }
}

/**
 * @param {import('./usage/read-words.mjs').Words} words
 * @returns {Promise<number>} the exit status
 */
async function run(words) {
  const { installDependencies } = await import('./install/dependencies.mjs');
  await installDependencies();
  const tsx = await import('tsx/esm/api');
  tsx.register();
  register('./install/source-condition.mjs', import.meta.url);
  // `pack:check` is pack-check.ts: a colon is in no name of a file.
  const { main } = await import(`./${command.replace(':', '-')}.ts`);
  return await main(words);
}
