// `npm run config` of a source and for a file of its own, beside the system that runs in a data folder of its own.
import { haveInForce, writeConfig } from '../../config.ts';
import { declaredAccess } from '../../services/declared-access.ts';
import { StepFailure } from '../../steps.ts';

const [dataFolder = '', source = '', file = ''] = process.argv.slice(2);
try {
  writeConfig(await declaredAccess(source), file);
  await haveInForce(dataFolder, file);
} catch (error) {
  process.exitCode = 1;
  console.error(error instanceof StepFailure ? `${error.message}\nFix: ${error.fix}` : error);
}
