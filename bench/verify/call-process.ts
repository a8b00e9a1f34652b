/** A server that is called, and says how much processor time it has used. */
import { answerQuestions, settingsOfWorker } from '@portcullis/testkit';
import { serverQuestion, serverSettings } from './call-settings.ts';
import { serve } from './servers.ts';

const served = await serve(serverSettings.parse(settingsOfWorker()));

answerQuestions(
  (asked) => {
    switch (serverQuestion.parse(asked)) {
      case 'callable':
        return served.callable;
      case 'processor': {
        const { user, system } = process.cpuUsage();
        return user + system;
      }
    }
  },
  () => served[Symbol.asyncDispose](),
);
