/** What a service of the reader's own is given, as a file that Node reads. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OwnService } from '../nats/own-services.ts';
import { secret } from '../secrets.ts';

export const clientIdOf = ({ name, client = `cli_${name}` }: OwnService): string => client;
/** The name of its file among the secrets. */
export const clientSecretName = ({ name }: OwnService): string => `${name}-client`;
export const clientSecretOf = (dataFolder: string, service: OwnService): string =>
  secret(dataFolder, clientSecretName(service));

export const environmentFile = (dataFolder: string, { name }: OwnService): string =>
  join(dataFolder, 'services', `${name}.env`);

/** What its tokens are for: those of the user service where it has none, as `add` once let be. */
export const audienceOf = ({ audience = 'urn:portcullis:user' }: OwnService): string => audience;

export interface OwnServiceFacts {
  issuer: string;
  prefix: string;
  /** With its own credentials. */
  nats: string;
}

/**
 * At each start, since ports may be others. Only this user can read it.
 *
 * @returns whether it was another one before
 */
export function writeEnvironment(
  dataFolder: string,
  service: OwnService,
  { issuer, prefix, nats }: OwnServiceFacts,
): boolean {
  const file = environmentFile(dataFolder, service);
  const settings = {
    NATS_URL: nats,
    PORTCULLIS_PREFIX: prefix,
    PORTCULLIS_ISSUER: issuer,
    PORTCULLIS_AUDIENCE: audienceOf(service),
    PORTCULLIS_CLIENT_ID: clientIdOf(service),
    PORTCULLIS_CLIENT_SECRET: clientSecretOf(dataFolder, service),
  };
  const text = Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
  if (readIfThere(file) === text) return false;
  mkdirSync(join(dataFolder, 'services'), { recursive: true, mode: 0o700 });
  const draft = `${file}.draft-${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
  return true;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
