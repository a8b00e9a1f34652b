// Loaded into each service of `npm run load` before anything else: SIGUSR2 has it collect its garbage, so that what is
// measured then is what it holds.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

process.on('SIGUSR2', () => {
  collect();
  collect();
});
