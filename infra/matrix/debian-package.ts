import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Unavailable } from './unavailable.ts';
import { runCommand } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { tail } from '../lifetime/tail.ts';
import { findBinary } from '../system/find-binary.ts';

const APT_GET = 'apt-get';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Unpacks packages of a suite of Debian, which need not be the machine's own. Nothing is installed: apt
 * works in a state of its own below `folder`, from the mirror that the machine uses.
 *
 * @returns the folder that they are unpacked in
 * @throws Unavailable where there is no apt, no mirror, or no such package
 */
export async function unpackDebian(
  session: Session,
  folder: string,
  suite: string,
  packages: readonly [string, ...string[]],
): Promise<string> {
  const root = join(folder, 'root');
  if (existsSync(root)) return root;
  for (const program of [APT_GET, 'dpkg']) {
    if (findBinary(program) === undefined) {
      throw new Unavailable(`${packages[0]} of Debian ${suite}: there is no ${program} here`);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  for (const one of ['lists/partial', 'cache/archives/partial', 'debs']) {
    mkdirSync(join(folder, one), { recursive: true });
  }
  const sources = join(folder, 'sources.list');
  writeFileSync(sources, `deb [signed-by=${KEYRING}] ${debianMirror()} ${suite} main\n`);
  const apt = {
    'Dir::Etc::SourceList': sources,
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': join(folder, 'lists'),
    'Dir::Cache': join(folder, 'cache'),
    'APT::Sandbox::User': 'root',
    'Acquire::Retries': '2',
  };
  const options = Object.entries(apt).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const log = join(session.dataFolder, 'logs', `debian-${suite}.log`);
  const run = async (argv: [string, ...string[]]): Promise<void> => {
    const spec = { name: argv[0], argv, cwd: join(folder, 'debs'), output: { file: log } };
    if ((await runCommand(session.supervisor, spec)) === 0) return;
    throw new Unavailable(`${packages.join(', ')} of Debian ${suite}: ${tail(log, 2)}`);
  };
  await run([APT_GET, ...options, 'update']);
  await run([APT_GET, ...options, 'download', ...packages]);
  const unpacked = join(folder, 'unpacked');
  for (const file of readdirSync(join(folder, 'debs'))) await run(['dpkg', '-x', file, unpacked]);
  // Whole or not there: an interrupted attempt begins anew.
  await run(['mv', unpacked, root]);
  return root;
}

/** The mirror of Debian that this machine takes its own packages from. */
function debianMirror(): string {
  const format = '$(REPO_URI) $(CODENAME)';
  const { stdout } = spawnSync(APT_GET, ['indextargets', '--format', format, 'Origin: Debian'], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  const found = (stdout ?? '')
    .split('\n')
    .map((row) => row.split(' '))
    .find(([, suite = 'security']) => !suite.includes('security'));
  if (found?.[0]) return found[0];
  throw new Unavailable('this machine knows no mirror of Debian: run `apt-get update` first');
}
