import { reasonOfFault } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import { newRequestId } from '@portcullis/verify/guard';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { NotReady } from '../not-ready.ts';
import type { Logger } from '../logger.ts';
import type { Disposal } from '../process/disposal.ts';
import { createSchemaCheck, type Schema } from './schema-check.ts';

const INTERVAL_MS = 500;

export interface AwaitSchemaOptions {
  readonly schema: Schema;
  readonly logger: Logger;
  readonly listen: { host: string; port: number };
  readonly owned: Disposal;
}

/**
 * Returns when the database has the schema of this program. Until then nothing else of the service runs:
 * its place answers that it is alive, is not ready, and why.
 *
 * @returns a readiness check for later: a backup may be restored under a service that runs
 * @throws Error that says why, when the database cannot be asked at the start
 */
export async function awaitSchema(options: AwaitSchemaOptions): Promise<() => Promise<void>> {
  const { schema, logger, listen, owned } = options;
  const check = createSchemaCheck(schema, logger);
  let reason = await reasonOf(check).catch((error: unknown) => {
    const why = reasonOfFault(error);
    throw why === undefined ? error : new Error(`postgres unavailable: ${why}`, { cause: error });
  });
  if (reason === undefined) return check;
  const over = new AbortController();
  const server = createServer((request, response) => {
    answer(request.url ?? '/', response, reason ?? '');
  });
  await listening(server, listen);
  owned.defer(async () => {
    over.abort();
    await closed(server);
  });
  while (reason !== undefined) {
    await sleep(INTERVAL_MS, undefined, { signal: over.signal });
    reason = await reasonOf(check).catch(() => reason);
  }
  await closed(server);
  logger.info('the database has the schema now');
  return check;
}

async function reasonOf(check: () => Promise<void>): Promise<string | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    if (error instanceof NotReady) return error.message;
    throw error;
  }
}

function answer(url: string, response: ServerResponse, reason: string): void {
  const path = url.split('?', 1)[0];
  if (path === '/healthz') {
    send(response, 200, { status: 'alive' });
  } else if (path === '/readyz') {
    send(response, 503, { status: 'not_ready', checks: { schema: { ok: false, reason } } });
  } else {
    send(response, 503, new Refusal('unavailable').toBody(newRequestId()));
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    ...(status === 503 && { 'retry-after': '1' }),
    connection: 'close',
  });
  response.end(JSON.stringify(body));
}

async function listening(server: Server, { host, port }: AwaitSchemaOptions['listen']) {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

async function closed(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
