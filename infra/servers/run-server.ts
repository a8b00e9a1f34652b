import { join } from 'node:path';
import { awaitAnswer } from './await-answer.ts';
import { ask } from './ask.ts';
import type { ServerName } from '../system/server-name.ts';
import type { Session } from '../lifetime/session.ts';
import { stage, type ProcessSpec, type RunningProcess } from '../lifetime/supervisor.ts';
import { isFree, rememberedPort } from '../system/free-port.ts';

export interface ServerProcess extends Pick<
  ProcessSpec,
  'argv' | 'env' | 'cwd' | 'signal' | 'graceMs' | 'user'
> {
  url: string;
}

export interface AnsweringServer {
  url: string;
  process: RunningProcess;
}

const ATTEMPTS = 3;

/** Runs one server on its remembered port and waits for its answer. */
export async function runServer(
  session: Session,
  name: ServerName,
  describe: (port: number) => ServerProcess,
): Promise<AnsweringServer> {
  const log = join(session.dataFolder, 'logs', `${name}.log`);
  for (let attempt = 1; ; attempt++) {
    const port = await rememberedPort(session.dataFolder, name);
    const { url, ...spec } = describe(port);
    const running = await session.supervisor.start({
      ...spec,
      name,
      stage: name === 'postgres' ? stage.database : stage.broker,
      output: { file: log },
    });
    try {
      await awaitAnswer({ name, ask: () => ask[name](url), running, log, signal: session.signal });
      return { url, process: running };
    } catch (error) {
      // Another process took the port between the look and the start: another one, please.
      const portWasTaken = running.hasExited() && !(await isFree(port));
      if (!portWasTaken || attempt === ATTEMPTS) throw error;
    }
  }
}
