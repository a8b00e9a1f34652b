export { main } from './packages/check-command.ts';
