/**
 * Ends the processes that tests have started when the test process itself dies, however it dies.
 *
 * A shell holds the list; its stdin is a pipe from this process. The end of the pipe is the end of
 * this process, and SIGKILL reaches processes that are stopped, too.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { inheritedEnvironment } from './environment.ts';

const SCRIPT = `
all=" "
while read -r sign pid; do
  case $sign in
    +) all="$all$pid " ;;
    -) case $all in *" $pid "*) all="\${all%% $pid *} \${all#* $pid }" ;; esac ;;
  esac
done
for pid in $all; do kill -s KILL -- "-$pid" 2>/dev/null; done
`;

let warden: ChildProcess | undefined;

function tell(line: string): void {
  if (warden === undefined) {
    warden = spawn('/bin/sh', ['-c', SCRIPT], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: inheritedEnvironment(),
    });
    warden.stdin?.on('error', () => {});
    // Neither the shell nor its pipe keeps the test process alive.
    warden.unref();
    if (warden.stdin instanceof Socket) warden.stdin.unref();
  }
  warden.stdin?.write(`${line}\n`);
}

/** @param group id of a process that leads its own process group */
export function endWithThisProcess(group: number): void {
  tell(`+ ${group}`);
}

export function endedAlready(group: number): void {
  tell(`- ${group}`);
}
