/** For services with a database of their own. */
export { probeDatabase } from './probe.ts';
