/**
 * The users of services on the NATS that runs.
 *
 * A new account is answered only after a second reload of the same configuration (D7 of docs/field-faults.md): after
 * the first its requests find "no responders".
 */
import { connect } from '@nats-io/transport-node';
import { connectionOptions } from '@portcullis/bus';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownedProcess } from '../lifetime/register.ts';
import { serverHome, type ServerHome } from '../servers/server-home.ts';
import { sizeOf, tail } from '../lifetime/tail.ts';
import { StepFailure } from '../steps.ts';

const RELOAD_TIMEOUT_MS = 10_000;
const POLL_MS = 20;
export const RESTART = 'stop npm start with Ctrl-C and start it again';
const TAKEN = 'Reloaded server configuration';
const REFUSED = 'Failed to reload server configuration';

/** Who has the configuration of NATS. */
export const natsHome = (dataFolder: string): ServerHome => serverHome(dataFolder, 'nats');

/** @throws {StepFailure} when NATS does not take the configuration */
export async function reloadNats(dataFolder: string, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) await reloadOnce(dataFolder);
}

async function reloadOnce(dataFolder: string): Promise<void> {
  const nats = ownedProcess(dataFolder, 'nats');
  if (nats === undefined) throw new StepFailure('NATS has ended.', { fix: RESTART });
  const log = join(dataFolder, 'logs', 'nats.log');
  const from = sizeOf(log);
  process.kill(nats.pid, 'SIGHUP');
  const deadline = performance.now() + RELOAD_TIMEOUT_MS;
  for (;;) {
    const said = tail(log, Number.POSITIVE_INFINITY, from);
    if (said.includes(TAKEN)) return;
    if (said.includes(REFUSED) || performance.now() > deadline) {
      throw new StepFailure(`NATS has not taken its configuration:\n${tail(log, 5, from)}`, {
        fix: RESTART,
      });
    }
    await sleep(POLL_MS);
  }
}

/** Whether NATS refuses this login. Another failure is thrown: it says nothing of that. */
export async function isRefused(service: string, url: string): Promise<boolean> {
  try {
    const connection = await connect({
      ...connectionOptions({ service, url }),
      ignoreAuthErrorAbort: false,
      reconnect: false,
    });
    await connection.close();
    return false;
  } catch (error) {
    if (error instanceof Error && /authorization/i.test(`${error.name} ${error.message}`)) {
      return true;
    }
    throw error;
  }
}
