/**
 * The roles, permissions and scopes of your own. `npm run config` makes portcullis.config.json of it, which auth follows
 * (PORTCULLIS_CONFIG_FILE). Raise `number` with every change; 0 is for nothing. docs/reference.md has the rules.
 */
import { defineConfig } from '@portcullis/contracts';

export default defineConfig({
  number: 0,
  permissions: [],
  roles: {},
  scopes: [],
});
