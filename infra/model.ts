export { main } from './model/run.ts';
