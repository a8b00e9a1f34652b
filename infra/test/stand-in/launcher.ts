// A launcher as small as can be, for the tests to kill: two servers that only sleep, a folder, and a step without an end.
import { mustRun } from '../../lifetime/run-command.ts';
import { inSession } from '../../lifetime/session.ts';
import { stage } from '../../lifetime/supervisor.ts';
import { step, StepFailure } from '../../steps.ts';

const [dataFolder = '', runFolder = '', asFar = ''] = process.argv.slice(2);

process.exitCode = await inSession(dataFolder, 'the stand-in', async (session) => {
  if (runFolder !== '') {
    await session.supervisor.own({
      kind: 'folder',
      name: 'run folder',
      path: runFolder,
      stage: stage.folder,
    });
  }
  if (asFar === 'first step') {
    const argv: [string, ...string[]] = ['/bin/sh', '-c', 'echo begun; exec sleep 600'];
    await step('first step', () =>
      mustRun(session.supervisor, {
        name: 'sleep',
        argv,
        output: { file: `${dataFolder}/logs/step.log` },
      }),
    );
  }
  if (asFar === 'own fault') {
    await step('first step', async () => {
      console.log('begun');
      await new Promise<void>((resolve) => {
        session.signal.addEventListener('abort', () => resolve());
      });
      throw new StepFailure('the disk is full', { fix: 'make room' });
    });
  }
  for (const name of ['first', 'second']) {
    const running = await session.supervisor.start({
      name,
      // The child of the shell must go too, also when it has made itself a session of its own.
      argv: ['/bin/sh', '-c', 'setsid sleep 600 & echo started; wait'],
      stage: name === 'first' ? stage.database : stage.app,
      env: { PATH: process.env['PATH'] },
      cwd: '/',
      output: { file: `${dataFolder}/logs/${name}.log` },
      graceMs: 1_000,
    });
    console.log(`pid ${running.pid}`);
  }
  console.log('up');
  await new Promise<void>((resolve) => session.signal.addEventListener('abort', () => resolve()));
  return 0;
});
