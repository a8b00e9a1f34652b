// `npm run service` on the system that runs in a data folder of its own; errors as bootstrap.mjs prints them.
import { manageServices } from '../../service.ts';
import { StepFailure } from '../../steps.ts';
import { readWords, WrongUsage } from '../../usage/read-words.mjs';

const [dataFolder = '', ...given] = process.argv.slice(2);
try {
  const words = readWords('service', given);
  if (typeof words === 'string') console.log(words);
  else process.exitCode = await manageServices(dataFolder, words);
} catch (error) {
  process.exitCode = error instanceof WrongUsage ? 2 : 1;
  const isKnown = error instanceof WrongUsage || error instanceof StepFailure;
  console.error(isKnown ? error.message : error);
  if (error instanceof StepFailure && error.fix !== undefined) console.error(`Fix: ${error.fix}`);
}
