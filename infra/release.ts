export { main } from './packages/release-command.ts';
