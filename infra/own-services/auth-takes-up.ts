/** Whether auth has what a file says that it follows: each instance shows the digest of what is in force. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownServicesFile } from '../nats/own-services.ts';
import { StepFailure } from '../steps.ts';

const TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 2_000;
const POLL_MS = 100;

export interface FollowedFile {
  readonly file: string;
  /** The setting of auth that names it. */
  readonly setting: 'PORTCULLIS_SERVICES_FILE' | 'PORTCULLIS_CONFIG_FILE';
}

const METRICS = {
  PORTCULLIS_SERVICES_FILE: 'portcullis_auth_services_info',
  PORTCULLIS_CONFIG_FILE: 'portcullis_auth_config_info',
} as const;

export const servicesOf = (dataFolder: string): FollowedFile => ({
  file: ownServicesFile(dataFolder),
  setting: 'PORTCULLIS_SERVICES_FILE',
});

export async function hasTakenUp(
  { file, setting }: FollowedFile,
  authUrl: string,
): Promise<boolean> {
  const wanted = createHash('sha256').update(readFileSync(file)).digest('hex');
  const answer = await fetch(`${authUrl}/metrics`, {
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  const shown = new RegExp(`^${METRICS[setting]}\\{[^}]*sha256="([0-9a-f]{64})"`, 'm');
  return shown.exec(await answer.text())?.[1] === wanted;
}

/** @throws {StepFailure} when auth does not take it up */
export async function awaitTakenUp(
  followed: FollowedFile,
  dataFolder: string,
  authUrl: string,
): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  while (!(await hasTakenUp(followed, authUrl).catch(() => false))) {
    if (performance.now() > deadline) {
      throw new StepFailure(`auth has not taken up ${followed.file}.`, {
        fix: `what it says of ${followed.setting} is in ${dataFolder}/logs/auth.log`,
      });
    }
    await sleep(POLL_MS);
  }
}
