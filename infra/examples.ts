export { main } from './examples/examples-command.ts';
