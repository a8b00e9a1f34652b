import { serveUntilSignal } from '@portcullis/service';
import { compose, SERVICE } from './compose.ts';
import { readAdminConfig } from './config.ts';

process.exit(await serveUntilSignal(SERVICE, (owned) => compose(readAdminConfig(), owned)));
