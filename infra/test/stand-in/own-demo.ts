// `npm run demo` on the system that runs in a data folder of its own.
import { demonstrate } from '../../demo.ts';
import { firstAdministrator } from '../../services/first-administrator.ts';
import { runningSystem } from '../../services/running-system.ts';

const [dataFolder = ''] = process.argv.slice(2);
const ports = runningSystem(dataFolder);
if (ports === undefined) throw new Error('no system runs there');
process.exitCode = await demonstrate(dataFolder, ports, firstAdministrator());
