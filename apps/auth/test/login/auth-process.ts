/** The auth service as it is, with a second factor: one code for all accounts. */
import { serveUntilSignal } from '@portcullis/service';
import { compose } from '../../src/compose.ts';
import { readAuthConfig } from '../../src/config.ts';
import type { Factor } from '../../src/login/factor.ts';

const code = process.env['TEST_CODE'];
const factor: Factor = {
  method: 'code',
  amr: ['otp'],
  isEnrolled: async () => true,
  check: async (_, answer) => answer === code,
};
process.exit(await serveUntilSignal('auth', (owned) => compose(readAuthConfig(), owned, [factor])));
