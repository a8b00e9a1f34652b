/** The process of a server that is called, which says how much processor time it has used. */
import { answerQuestions, settingsOfWorker } from '@portcullis/testbed';
import { serveBetterAuth } from './better-auth-server.ts';
import {
  serverQuestion,
  serverSettings,
  type Callable,
  type ServerSettings,
  type StackName,
} from './call-settings.ts';
import { serveServices } from './service-servers.ts';
import { serveProcedures, type Served } from './trpc-server.ts';

const SERVE: Record<StackName, (settings: ServerSettings) => Promise<Served>> = {
  trpc: serveProcedures,
  'better-auth': serveBetterAuth,
  service: serveServices,
};

const settings = serverSettings.parse(settingsOfWorker());
let served: Served | undefined;

/** Takes long where there are many callers and revocations, and may: the start is not measured. */
async function start(): Promise<readonly Callable[]> {
  served = await SERVE[settings.stack](settings);
  return served.callables;
}

answerQuestions(
  async (asked) => {
    switch (serverQuestion.parse(asked)) {
      case 'start':
        return await start();
      case 'processor': {
        const { user, system } = process.cpuUsage();
        return user + system;
      }
    }
  },
  async () => served?.[Symbol.asyncDispose](),
);
