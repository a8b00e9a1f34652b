/** The roles, permissions and scopes of the adopter: JSON that `npm run config` makes of `portcullis.config.ts`. */
import { NO_ACCESS_CONFIG, readAccessConfig, type AccessConfig } from '@portcullis/contracts';
import { ConfigurationError, readConfig, type Environment } from '@portcullis/service';
import * as z from 'zod';

/** Characters. */
const MAX_LENGTH = 65_536;

export function accessFields() {
  return {
    PORTCULLIS_CONFIG: z.string().max(MAX_LENGTH, 'is too long').optional(),
  };
}

/** Where it is read from, as a fault names it. */
export function accessSource(env: Environment): string {
  return env['PORTCULLIS_CONFIG_FILE'] || 'PORTCULLIS_CONFIG';
}

/** @throws ConfigurationError with every fault, each with the file and the key */
export function readAccess(env: Environment): AccessConfig {
  const { PORTCULLIS_CONFIG: text } = readConfig(z.object(accessFields()), env);
  if (text === undefined) return NO_ACCESS_CONFIG;
  return accessOf(text, accessSource(env));
}

/** @throws ConfigurationError with every fault, each with this source and the key */
export function accessOf(text: string, source: string): AccessConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ConfigurationError([`${source}: is not JSON`]);
  }
  const { config, faults } = readAccessConfig(value);
  if (config !== undefined) return config;
  throw new ConfigurationError(faults.map(({ key, problem }) => `${source}: ${key}: ${problem}`));
}

/** @throws ConfigurationError with the faults of both */
export function readBoth<A, B>(one: () => A, other: () => B): [A, B] {
  const problems: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const first = attempt(one);
  const second = attempt(other);
  if (first === undefined || second === undefined) throw new ConfigurationError(problems);
  return [first, second];
}
