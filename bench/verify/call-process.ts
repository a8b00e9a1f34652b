/** A server that is called, and says how much processor time it has used. */
import { answerQuestions, settingsOfWorker } from '@portcullis/testkit';
import { serverQuestion, serverSettings, type Callable } from './call-settings.ts';
import { serve, type Served } from './servers.ts';

const settings = serverSettings.parse(settingsOfWorker());
let served: Served | undefined;

/** Takes long where there are many callers and revocations, and may: nobody waits for a start. */
async function start(): Promise<Callable> {
  served = await serve(settings);
  return served.callable;
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
