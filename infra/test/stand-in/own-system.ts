// `npm start` in a data folder of its own.
import { runSystem } from '../../start.ts';

const [dataFolder = ''] = process.argv.slice(2);
process.exitCode = await runSystem(dataFolder);
