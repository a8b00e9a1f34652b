import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findBinary } from './find-binary.ts';
import { runCommand } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { tail } from '../lifetime/tail.ts';
import { note } from '../steps.ts';
import type { ServerName } from './server-name.ts';

/** A program that may be had from a package. */
export type Installable = ServerName | 'chromium';

const APT: Record<Installable, string> = {
  postgres: 'postgresql',
  nats: 'nats-server',
  redis: 'redis-server',
  chromium: 'chromium',
};
/** Without Chromium, which is no formula there. */
const BREW: Partial<Record<Installable, string>> = {
  postgres: 'postgresql@18',
  nats: 'nats-server',
  redis: 'redis',
};

/**
 * Debian's packages start a service of their own, on the usual port, now and at every boot. The
 * launcher wants the programs only: policy-rc.d keeps them from starting now (it is removed again
 * if it was not there), and a service that was not there before is disabled.
 */
const APT_SCRIPT = `
set -eu
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
options='-o DPkg::Lock::Timeout=180 -o Acquire::Retries=2'
apt-get $options update
apt-get $options install -y --no-install-recommends "$@"
if [ -d /run/systemd/system ]; then
  for unit in "$@"; do systemctl disable "$unit" || true; done
fi
`;

/** Installs what is missing with the system's package manager. @returns why it could not, if so */
export async function installPackages(
  session: Session,
  wanted: readonly Installable[],
): Promise<string | undefined> {
  const command = installCommand(wanted);
  if (!command)
    return 'no package manager that can be used here (apt as root or with passwordless sudo, or brew)';
  note(`installing ${command.packages.join(', ')} with ${command.manager} ...`);
  const log = join(session.dataFolder, 'logs', 'packages.log');
  const status = await runCommand(session.supervisor, {
    name: command.manager,
    argv: command.argv,
    output: { file: log },
    // Half an installation is worse than a slow Ctrl-C: it may finish, and gets no signal.
    signal: 'SIGCONT',
    graceMs: 120_000,
  });
  return status === 0 ? undefined : `${command.manager} failed:\n${tail(log)}`;
}

interface InstallCommand {
  manager: string;
  packages: string[];
  argv: [string, ...string[]];
}

function installCommand(wanted: readonly Installable[]): InstallCommand | undefined {
  if (findBinary('apt-get')) {
    const packages = wanted.map((name) => APT[name]);
    const script: [string, ...string[]] = ['/bin/sh', '-c', APT_SCRIPT, 'sh', ...packages];
    if (process.getuid?.() === 0) return { manager: 'apt-get', packages, argv: script };
    if (sudoNeedsNoPassword()) {
      return { manager: 'apt-get (sudo)', packages, argv: ['sudo', '-n', ...script] };
    }
  }
  if (findBinary('brew')) {
    const packages = wanted.flatMap((name) => BREW[name] ?? []);
    if (packages.length < wanted.length) return undefined;
    return { manager: 'brew', packages, argv: ['brew', 'install', ...packages] };
  }
  return undefined;
}

function sudoNeedsNoPassword(): boolean {
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore', timeout: 5_000 }).status === 0;
}

/** The line that a user would type. */
export function installHint(server: ServerName): string {
  if (process.platform === 'darwin') return `brew install ${BREW[server] ?? server}`;
  if (findBinary('apt-get')) return `sudo apt-get install -y ${APT[server]}`;
  return `install ${server} (or Docker), or give its address in the environment`;
}
