// A launcher as small as can be, for the tests to kill: two servers that only sleep, and a folder.
import { inSession } from '../../lifetime/session.ts';
import { stage } from '../../lifetime/supervisor.ts';

const [dataFolder = '', runFolder = ''] = process.argv.slice(2);

process.exitCode = await inSession(dataFolder, 'the stand-in', async (session) => {
  if (runFolder !== '') {
    await session.supervisor.own({
      kind: 'folder',
      name: 'run folder',
      path: runFolder,
      stage: stage.folder,
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
