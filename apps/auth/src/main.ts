import { serveUntilSignal } from '@portcullis/service';
import { compose } from './compose.ts';
import { readAuthConfig } from './config.ts';

// The status is decided by what was served; what is still open by now is not waited for.
process.exit(await serveUntilSignal('auth', (owned) => compose(readAuthConfig(), owned)));
