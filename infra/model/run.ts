/**
 * `npm run model`: checks the model of the revocation protocol, and that the check is worth something.
 *
 *   npm run model                every form at full size, then every mutant; about ten minutes at most
 *   npm run model -- --short     small forms, and the mutants that were asked for
 *   npm run model -- --trails    prints each counterexample, step by step
 */
import { availableParallelism } from 'node:os';
import { newTestFolder, removeAbandonedTestFolders } from '../system/test-folder.ts';
import { inSession, type Session } from '../lifetime/session.ts';
import { stage } from '../lifetime/supervisor.ts';
import { bold, green, note, red } from '../steps.ts';
import type { Words } from '../usage/read-words.mjs';
import {
  FORMS,
  MORE_MUTANTS,
  MUTANTS,
  REACHABLE,
  SHORT_FORMS,
  type Form,
  type Mutant,
} from './forms.ts';
import { KEY_MUTANTS, KEY_STATES, KEYS } from './keys.ts';
import { refute, searchAll, type Refutation, type Search } from './search.ts';
import { findTools, type Tools } from './tools.ts';

const AT_ONCE = Math.min(2, availableParallelism());

const NAME = 32;
const COLUMNS: readonly [title: string, of: (form: Form, search: Search) => string][] = [
  ['incarnations', ({ bounds }) => `${bounds.incarnations}`],
  ['revocations', ({ bounds }) => `${bounds.revocations}`],
  ['instances', ({ bounds }) => `${bounds.instances}`],
  ['S', ({ bounds }) => `${bounds.ticks}`],
  ['epochs', ({ bounds }) => `${bounds.epochs}`],
  ['cut answers', ({ bounds }) => yes(bounds.cut)],
  ['old letters', ({ bounds }) => yes(bounds.linger)],
  ['lost history', ({ bounds }) => yes(bounds.lost)],
  ['    states', (_, { states }) => grouped(states)],
  ['transitions', (_, { transitions }) => grouped(transitions)],
  ['  depth', (_, { depth }) => grouped(depth)],
  ['   MB', (_, { megabytes }) => grouped(Math.round(megabytes))],
  ['seconds', (_, { seconds }) => grouped(Math.round(seconds))],
];

export async function main(words: Words): Promise<number> {
  const [short, trails] = [words.flag('short'), words.flag('trails')];
  await removeAbandonedTestFolders();
  return await inSession(newTestFolder(), 'npm run model', async (session) => {
    const { dataFolder: path, supervisor, signal } = session;
    await supervisor.own({ kind: 'folder', name: path, path, stage: stage.folder });
    const tools = await findTools(session);
    const started = performance.now();

    console.log(
      `\n${bold('The protocol')}: every reachable state of each form, none breaks a promise\n`,
    );
    note('form'.padEnd(NAME) + COLUMNS.map(([title]) => `  ${title}`).join(''));
    const forms = short ? SHORT_FORMS : FORMS;
    const searched = await inOrder(
      forms.map(
        (form) => async () => await searchAll(session, tools, form, short ? 'short' : 'long'),
      ),
      (search, index) => tellSearch(forms[index], search),
    );

    const mutants = short ? MUTANTS : [...MUTANTS, ...MORE_MUTANTS];
    const keys = await searchKeys(session, tools);
    console.log(`\n${bold('Mutants')}: each is refuted\n`);
    const refuted = await refuteAll(session, tools, [...mutants, ...KEY_MUTANTS], trails);
    console.log(`\n${bold('Not for want of anything happening')}: each is reached\n`);
    const reached = await refuteAll(session, tools, [...REACHABLE, ...KEY_STATES], trails);
    signal.throwIfAborted();

    const held = [...searched, keys].every(({ shortcomings }) => shortcomings.length === 0);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    const states = searched.reduce((sum, search) => sum + search.states, 0);
    const verdict =
      held && refuted && reached ? green('as it should be') : red('NOT as it should be');
    console.log(
      `\n${verdict}: ${forms.length} forms with ${grouped(states)} states, ` +
        `${mutants.length} mutants, ${seconds} s`,
    );
    return held && refuted && reached ? 0 : 1;
  });
}

/** Small enough to be the same in either length. */
async function searchKeys(session: Session, tools: Tools): Promise<Search> {
  console.log(`\n${bold('Keys in grants')}: every reachable state, none breaks a promise\n`);
  const search = await searchAll(session, tools, KEYS, 'short');
  note(`${KEYS.name.padEnd(NAME)}  ${grouped(search.states)} states`);
  tellFaults(search);
  return search;
}

function tellSearch(form: Form | undefined, search: Search): void {
  if (form === undefined) return;
  const cells = COLUMNS.map(([title, of]) => `  ${of(form, search).padStart(title.length)}`);
  note(form.name.padEnd(NAME) + cells.join(''));
  tellFaults(search);
}

function tellFaults({ broken, shortcomings }: Search): void {
  if (broken !== undefined) note(red(`  broken: ${broken}`));
  for (const shortcoming of shortcomings) note(red(`  not exhaustive: ${shortcoming}`));
}

async function refuteAll(
  session: Session,
  tools: Tools,
  mutants: readonly Mutant[],
  trails: boolean,
): Promise<boolean> {
  const found = await inOrder(
    mutants.map((mutant) => async () => await refute(session, tools, mutant)),
    (refutation, index) => tellRefutation(mutants[index], refutation, trails),
  );
  return mutants.every((mutant, index) => isRefuted(mutant, found[index]));
}

/** By the promise that it was meant to break, and with a trail that says how. */
function isRefuted({ breaks }: Mutant, found: Refutation | undefined): boolean {
  return found?.broken !== undefined && breaks.includes(found.broken) && found.story.length > 0;
}

function tellRefutation(mutant: Mutant | undefined, found: Refutation, trails: boolean): void {
  if (mutant === undefined) return;
  const how = isRefuted(mutant, found)
    ? `${(found.broken ?? '').padEnd(12)} in ${String(found.story.length).padStart(2)} steps`
    : red(`NOT refuted as expected${found.broken === undefined ? '' : `, but ${found.broken}`}`);
  note(
    `${mutant.name.padEnd(34)} ${how}   (trail of ${found.depth}; ` +
      `${boundsOf(mutant)}${found.seconds.toFixed(1)} s)`,
  );
  if (trails)
    for (const [index, printed] of found.story.entries()) note(`  ${index + 1}. ${printed}`);
}

function boundsOf({ bounds }: Mutant): string {
  if (bounds === undefined) return '';
  const { incarnations, revocations } = bounds;
  return (
    `${incarnations} incarnation${incarnations === 1 ? '' : 's'}, ` +
    `${revocations} revocation${revocations === 1 ? '' : 's'}, `
  );
}

const grouped = (value: number): string => value.toLocaleString('en').replaceAll(',', ' ');
const yes = (value: boolean): string => (value ? 'yes' : 'no');

/** Some at once; each result is reported as soon as those before it have been. */
async function inOrder<T>(
  tasks: readonly (() => Promise<T>)[],
  tell: (result: T, index: number) => void,
): Promise<T[]> {
  const results: (T | undefined)[] = [];
  const printed: T[] = [];
  let next = 0;
  async function work(): Promise<void> {
    for (let task = tasks[next]; task !== undefined; task = tasks[next]) {
      const index = next++;
      results[index] = await task();
      for (
        let result = results[printed.length];
        result !== undefined;
        result = results[printed.length]
      ) {
        tell(result, printed.length);
        printed.push(result);
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return printed;
}
