/** The only file here that reads the environment. */
import {
  isProduction,
  readConfig,
  serviceFields,
  verifiedServiceConfig,
  verifiedServiceFields,
} from '@portcullis/service';
import * as z from 'zod';

const DEFAULT_PORT = 4002;
const DEFAULT_AUDIENCE = 'urn:portcullis:admin';

export function readAdminConfig(env = process.env) {
  const production = isProduction(env);
  const fields = z.object({
    ...serviceFields({ production, port: DEFAULT_PORT }),
    ...verifiedServiceFields({ production, audience: DEFAULT_AUDIENCE }),
  });
  return verifiedServiceConfig(production, readConfig(fields, env));
}
export type AdminConfig = ReturnType<typeof readAdminConfig>;
