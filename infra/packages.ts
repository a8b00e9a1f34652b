export { main } from './packages/main.ts';
