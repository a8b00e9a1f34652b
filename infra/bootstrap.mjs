// The entry of `npm start`, `npm test`, and the `npm run` commands that need dependencies and servers.
//
// Plain JavaScript without dependencies, because it is what installs them. Everything after that is
// TypeScript, loaded into this same process: one process means that Ctrl-C, `kill` and `kill -9`
// need no forwarding.
import { register } from 'node:module';

const FLOOR = /** @type {const} */ ([20, 19]);
const COMMANDS = [
  'start',
  'test',
  'demo',
  'dev',
  'faults',
  'bench',
  'timing',
  'field',
  'matrix',
  'migrations',
  'packages',
  'after-restore',
  'break-glass',
  'auth',
  'user',
  'service',
  'build',
  'typecheck',
  'boundaries',
];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < FLOOR[0] || (major === FLOOR[0] && minor < FLOOR[1])) {
  console.error(`Portcullis needs Node ${FLOOR.join('.')} or newer; this is ${process.version}.`);
  console.error('Fix: install a current Node from https://nodejs.org, then run this again.');
  process.exit(1);
}

const command = process.argv[2] ?? '';
if (!COMMANDS.includes(command)) {
  console.error(`usage: node infra/bootstrap.mjs <${COMMANDS.join('|')}>`);
  process.exit(2);
}

try {
  const { installDependencies } = await import('./install/dependencies.mjs');
  await installDependencies();
  const tsx = await import('tsx/esm/api');
  tsx.register();
  register('./install/source-condition.mjs', import.meta.url);
  const { main } = await import(`./${command}.ts`);
  process.exitCode = await main(process.argv.slice(3));
} catch (error) {
  if (error instanceof Error && 'fix' in error) {
    console.error(error.message);
    if (!error.message.includes('Fix: ')) console.error(`Fix: ${String(error.fix)}`);
  } else {
    console.error(error);
  }
  process.exitCode = 1;
}
