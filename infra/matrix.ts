export { main } from './matrix/main.ts';
