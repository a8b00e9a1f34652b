/** What a service of the reader's own is given, as a file that Node reads. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OwnService } from '../nats/own-services.ts';
import { secret } from '../secrets.ts';

export const clientIdOf = ({ name }: OwnService): string => `cli_${name}`;
export const clientSecretOf = (dataFolder: string, { name }: OwnService): string =>
  secret(dataFolder, `${name}-client`);

export const environmentFile = (dataFolder: string, { name }: OwnService): string =>
  join(dataFolder, 'services', `${name}.env`);

export interface OwnServiceFacts {
  issuer: string;
  prefix: string;
  /** With its own credentials. */
  nats: string;
}

/** Anew at each start: ports may be others. Only this user can read it. */
export function writeEnvironment(
  dataFolder: string,
  service: OwnService,
  { issuer, prefix, nats }: OwnServiceFacts,
): void {
  const file = environmentFile(dataFolder, service);
  const settings = {
    NATS_URL: nats,
    PORTCULLIS_PREFIX: prefix,
    PORTCULLIS_ISSUER: issuer,
    PORTCULLIS_AUDIENCE: service.audience ?? 'urn:portcullis:user',
    PORTCULLIS_CLIENT_ID: clientIdOf(service),
    PORTCULLIS_CLIENT_SECRET: clientSecretOf(dataFolder, service),
  };
  const rows = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  mkdirSync(join(dataFolder, 'services'), { recursive: true, mode: 0o700 });
  const draft = `${file}.draft-${process.pid}`;
  writeFileSync(draft, rows.join(''), { mode: 0o600 });
  renameSync(draft, file);
}
