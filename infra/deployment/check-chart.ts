/** The chart, read by helm itself; and what it makes of it. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { invalid, misspelt } from './check-types.ts';
import {
  CHART,
  RENDERED,
  RENDERED_OF,
  renderedHead,
  textOf,
  VALUE_SETS,
  valuesOf,
  type ValueSet,
} from './files.ts';
import { containersOfManifests, manifestsOf } from './manifest-containers.ts';
import { offencesOf } from './policy.ts';
import { ROOT } from '../paths.ts';

interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * @param packages the folder that the models of Kubernetes are installed in
 * @param write whether what is rendered is written first
 * @returns what is wrong
 */
export async function checkChart(
  helm: string,
  packages: string,
  write: boolean,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const set of VALUE_SETS) {
    wrong.push(...lint(helm, set));
    const rendered = render(helm, set);
    if ('refused' in rendered) {
      wrong.push(`${set}: ${rendered.refused}`);
      continue;
    }
    const manifests = manifestsOf(rendered.text);
    const found = [
      ...(await invalid(packages, manifests)),
      ...misspelt(packages, manifests),
      ...offencesOf(containersOfManifests(set, manifests)),
    ];
    wrong.push(...found.map((one) => `${set}: ${one}`));
    if (set === RENDERED_OF) wrong.push(...compareRendered(rendered.text, write));
  }
  for (const words of WRONG_VALUES) {
    if ('text' in render(helm, RENDERED_OF, words)) {
      wrong.push(`values are taken that are wrong: ${words.join(' ')}`);
    }
  }
  return wrong;
}

function compareRendered(text: string, write: boolean): string[] {
  const whole = `${renderedHead()}${text}`;
  if (write) writeFileSync(join(ROOT, RENDERED), whole);
  return textOf(RENDERED) === whole ? [] : [`${RENDERED} is of another chart: -- --write`];
}

function run(helm: string, words: readonly string[]): Said {
  return spawnSync(helm, words, { cwd: ROOT, encoding: 'utf8', env: { HOME: '/nonexistent' } });
}

/** @returns what is wrong with the chart and these values */
function lint(helm: string, set: ValueSet): string[] {
  const { status, stdout, stderr } = run(helm, ['lint', '--strict', CHART, '-f', valuesOf(set)]);
  return status === 0 ? [] : [`${set}: ${stdout}${stderr}`];
}

/**
 * @param more words, such as `--set` of something wrong
 * @returns the manifests, or what helm refuses
 */
function render(
  helm: string,
  set: ValueSet,
  more: readonly string[] = [],
): { text: string } | { refused: string } {
  const where = ['--namespace', 'portcullis', '--kube-version', '1.35.0'];
  const words = ['template', 'portcullis', CHART, ...where, '-f', valuesOf(set), ...more];
  const { status, stdout, stderr } = run(helm, words);
  return status === 0 ? { text: stdout } : { refused: stderr };
}

/** Values that the schema of the chart has to refuse, each as words of helm. */
const WRONG_VALUES: readonly (readonly string[])[] = [
  ['--set', 'issuer=http://auth.example.com'],
  ['--set', 'auth.replica=3'],
  ['--set', 'auth.resources.limits.memory=null'],
  ['--set', 'auth.env.DATABASE_URL=postgres://auth:secret@db/auth'],
  ['--set', 'user.env.PORTCULLIS_CLIENT_SECRET=secret'],
  ['--set', 'drain.preStopSeconds=0'],
  ['--set', 'auth.secretKeys={databaseurl}'],
];
