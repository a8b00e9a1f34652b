export { main } from './packages/pack-command.ts';
