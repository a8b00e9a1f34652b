/** Whether auth has what services.json says: each instance shows the digest of what is in force. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownServicesFile } from '../nats/own-services.ts';
import { StepFailure } from '../steps.ts';

const TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 2_000;
const POLL_MS = 100;
const SHOWN = /^portcullis_auth_services_info\{[^}]*sha256="([0-9a-f]{64})"/m;

export async function hasTakenUp(dataFolder: string, authUrl: string): Promise<boolean> {
  const wanted = createHash('sha256')
    .update(readFileSync(ownServicesFile(dataFolder)))
    .digest('hex');
  const answer = await fetch(`${authUrl}/metrics`, {
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  return SHOWN.exec(await answer.text())?.[1] === wanted;
}

/** @throws {StepFailure} when auth does not take it up */
export async function awaitTakenUp(dataFolder: string, authUrl: string): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  while (!(await hasTakenUp(dataFolder, authUrl).catch(() => false))) {
    if (performance.now() > deadline) {
      throw new StepFailure(`auth has not taken up ${ownServicesFile(dataFolder)}.`, {
        fix: `what it says of PORTCULLIS_SERVICES_FILE is in ${dataFolder}/logs/auth.log`,
      });
    }
    await sleep(POLL_MS);
  }
}
