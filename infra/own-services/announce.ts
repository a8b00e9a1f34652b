/** What is printed of a service: the lines to paste, where its settings are, and what is not there. */
import { readFileSync } from 'node:fs';
import { accountBlock } from '../nats/configuration.ts';
import type { OwnService } from '../nats/own-services.ts';
import { audienceOf, environmentFile } from '../services/own-service-environment.ts';
import { wordOf } from './permissions.ts';
import type { Surroundings } from './probe.ts';

/** A service in ten lines: it answers a user's token, and refuses it after the logout. */
export function linesToPaste(
  dataFolder: string,
  service: OwnService,
  { issuer, prefix }: Surroundings,
): string {
  const { name } = service;
  const other = prefix === 'portcullis' ? '' : ` prefix: '${prefix}',`;
  return [
    "import { createServer } from 'node:http';",
    "import { connectVerifier } from '@portcullis/verify/connect';",
    "import { protect } from '@portcullis/verify/node';",
    `process.loadEnvFile(${JSON.stringify(environmentFile(dataFolder, service))});`,
    'const verifier = await connectVerifier({',
    `  issuer: '${issuer}', audience: ${JSON.stringify(audienceOf(service))}, service: '${name}',`,
    `  nats: process.env['NATS_URL'],${other}`,
    "  client: { id: process.env['PORTCULLIS_CLIENT_ID'], secret: process.env['PORTCULLIS_CLIENT_SECRET'] },",
    '});',
    "createServer(protect(verifier)((_, response, caller) => response.end(caller.sub))).listen(4010, '127.0.0.1');",
  ].join('\n');
}

export function announceReady(
  dataFolder: string,
  service: OwnService,
  surroundings: Surroundings,
  { show }: { show: boolean },
): void {
  const file = environmentFile(dataFolder, service);
  console.log(`\n  settings  ${file} (mode 0600; --show prints it)`);
  for (const line of wordOf(service.permissions ?? [])) console.log(`  ${line}`);
  console.log(`\nPaste:\n\n${linesToPaste(dataFolder, service, surroundings)}\n`);
  if (show) console.log(readFileSync(file, 'utf8'));
}

/** For a NATS whose configuration is the reader's. */
export function announceAccount(dataFolder: string, service: OwnService, prefix: string): void {
  const file = environmentFile(dataFolder, service);
  const { name, events } = service;
  const block = accountBlock(
    prefix,
    name,
    events.map((stream) => ({ service: name, stream })),
  );
  console.log(`
NATS_URL names a NATS of your own. Below its accounts add this, with the password that NATS_URL has in
${file} (mode 0600; --show prints it):

${block}
Have NATS read it: restart it, or reload it twice (docs/operations.md#having-nats-read-a-new-account).`);
}
