import { serveUntilSignal } from '@portcullis/service';
import { compose, SERVICE } from './compose.ts';
import { readUserConfig } from './config.ts';

process.exit(await serveUntilSignal(SERVICE, (owned) => compose(readUserConfig(), owned)));
