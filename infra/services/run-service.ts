import { join } from 'node:path';
import { addressOf, program } from './catalogue.ts';
import type { ServiceName } from '../service-names.ts';
import type { ServiceEnvironment } from './environment.ts';
import { mustRun } from '../lifetime/run-command.ts';
import { sizeOf } from '../lifetime/tail.ts';
import type { Session } from '../lifetime/session.ts';
import { stage, type RunningProcess } from '../lifetime/supervisor.ts';
import { ROOT } from '../paths.ts';
import { awaitAnswer } from '../servers/await-answer.ts';

const READY_TIMEOUT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 2_000;
const GRACE_MS = 15_000;

/**
 * Room for what a request leaves behind. With V8's own 16 MiB, collecting it took 3.3 % of a core in a
 * crowd, for what half-done requests held was carried along; with 64 MiB half a per cent. This lies
 * between, for half the memory. See docs/operations.md.
 */
const NODE_FLAGS = ['--max-semi-space-size=32'];

export const serviceLog = ({ dataFolder }: Session, service: string): string =>
  join(dataFolder, 'logs', `${service}.log`);

/** Starts a service and waits until it says that it is ready. */
export async function runService(
  session: Session,
  service: ServiceName,
  env: ServiceEnvironment,
): Promise<RunningProcess> {
  const log = serviceLog(session, service);
  const from = sizeOf(log);
  const running = await session.supervisor.start({
    name: service,
    argv: [process.execPath, ...NODE_FLAGS, program(service, 'main.js')],
    stage: service === 'auth' ? stage.issuer : stage.app,
    env,
    cwd: ROOT,
    output: { file: log },
    graceMs: GRACE_MS,
  });
  await awaitReady(session, service, Number(env['PORT']), { running, from });
  return running;
}

async function awaitReady(
  session: Session,
  service: ServiceName,
  port: number,
  { running, from }: { running: RunningProcess; from: number },
): Promise<void> {
  await awaitAnswer({
    name: service,
    ask: () => askReady(port),
    running,
    from,
    log: serviceLog(session, service),
    timeoutMs: READY_TIMEOUT_MS,
    signal: session.signal,
  });
}

/** @throws unless the service there says that it is ready */
export async function askReady(port: number): Promise<void> {
  const response = await fetch(`${addressOf(port)}/readyz`, {
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`/readyz says ${response.status} ${await response.text()}`);
}

export async function answersReady(port: number): Promise<boolean> {
  try {
    await askReady(port);
    return true;
  } catch {
    return false;
  }
}

/** Runs one of a service's own commands with its environment. */
export async function runServiceCommand(
  session: Session,
  service: ServiceName,
  file: string,
  words: string[],
  env: ServiceEnvironment,
): Promise<void> {
  await mustRun(session.supervisor, {
    name: `${service} ${file}`,
    argv: [process.execPath, program(service, `commands/${file}.js`), ...words],
    env,
    output: { file: join(session.dataFolder, 'logs', `${service}-${file}.log`) },
  });
}
