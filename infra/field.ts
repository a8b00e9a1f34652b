export { main } from './field/main.ts';
