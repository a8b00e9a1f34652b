/** The process of a server that is called, which says how much processor time it has used. */
import { answerQuestions, settingsOfWorker } from '@portcullis/testkit';
import { serverQuestion, serverSettings, type Callable } from './call-settings.ts';
import { serveServices } from './service-servers.ts';
import { serveProcedures, type Served } from './trpc-server.ts';

const settings = serverSettings.parse(settingsOfWorker());
let served: Served | undefined;

/** Takes long where there are many callers and revocations, and may: nobody waits for a start. */
async function start(): Promise<readonly Callable[]> {
  served = await (settings.stack === 'trpc' ? serveProcedures(settings) : serveServices(settings));
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
