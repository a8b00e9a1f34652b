// The words behind a command: read here, once, before anything is installed or started.
import { parseArgs } from 'node:util';
import { COMMANDS } from './commands.mjs';
import { demandNoneKept } from './kept-by-npm.mjs';
import { nearest } from './nearest.mjs';
import { dashes, WrongUsage } from './wrong-usage.mjs';

export { WrongUsage };

/** @typedef {import('./commands.mjs').Usage} Usage */

/** What was meant, where it was right. */
export class Words {
  /** @type {Map<string, string[]>} */
  #values = new Map();
  /** Those that are no options. @type {string[]} */
  names = [];
  /** Which of the commands that this one has; '' where it has none. */
  command = '';

  /** @param {readonly string[]} all as given, for a program that reads them itself */
  constructor(all) {
    this.all = all;
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  add(name, value) {
    this.#values.set(name, [...this.values(name), value]);
  }

  /** @param {string} name */
  flag(name) {
    return this.#values.has(name);
  }

  /**
   * @param {string} name
   * @returns {string | undefined} the last, where there are several
   */
  value(name) {
    return this.values(name).at(-1);
  }

  /**
   * @param {string} name
   * @returns {readonly string[]}
   */
  values(name) {
    return this.#values.get(name) ?? [];
  }
}

/**
 * @param {string} command one of COMMANDS
 * @param {readonly string[]} given
 * @returns {Words | string} the words, or the usage that was asked for: at most 12 lines
 * @throws {WrongUsage}
 */
export function readWords(command, given) {
  // pnpm hands on the dashes that separate its own options from ours.
  const all = given.filter((word) => word !== '--');
  const title = ['start', 'test'].includes(command) ? `npm ${command}` : `npm run ${command}`;
  return readAs(title, usageOf(command), all, new Words(all));
}

/** @param {string} command */
function usageOf(command) {
  const usage = Object.entries(COMMANDS).find(([name]) => name === command)?.[1];
  if (usage === undefined) throw new TypeError(`${command} is not in COMMANDS`);
  return usage;
}

/**
 * @param {string} title
 * @param {Usage} usage
 * @param {readonly string[]} words those that are left
 * @param {Words} read
 * @returns {Words | string}
 */
function readAs(title, usage, words, read) {
  const [first = ''] = words;
  const below = usage.commands?.[first];
  if (below !== undefined && usage.commands && Object.hasOwn(usage.commands, first)) {
    read.command = first;
    return readAs(`${title}${dashes(title)} ${first}`, below, words.slice(1), read);
  }
  if (words.includes('--help') || words.includes('-h')) return textOf(title, usage);
  // One that takes words of its own may be meant without a command.
  if (usage.commands && usage.names === undefined) {
    const what = first === '' ? 'no command is given' : `there is no command ${first}`;
    throw new WrongUsage(title, what, nearest(first, Object.keys(usage.commands)));
  }
  for (const token of tokensOf(usage, words)) {
    if (token.kind === 'positional') read.names.push(token.value);
    else if (token.kind === 'option') readOption(title, usage, token, read);
  }
  demandNoneKept(title, usage, read);
  const { takes = '', most = 0 } = usage.names ?? {};
  const extra = read.names[most];
  if (extra === undefined) return read;
  const options = Object.keys(usage.options ?? {}).map((name) => `--${name}`);
  const what = `it takes ${most === 0 ? 'no words' : `one ${takes}`}, and not ${extra}`;
  throw new WrongUsage(title, what, nearest(`--${extra}`, options));
}

/**
 * @param {Usage} usage
 * @param {readonly string[]} words
 */
function tokensOf({ options = {} }, words) {
  const known = Object.entries(options).map(([name, { takes, short }]) => [
    name,
    { type: takes === undefined ? 'boolean' : 'string', ...(short && { short }) },
  ]);
  const config = { args: [...words], strict: false, allowPositionals: true, tokens: true };
  return parseArgs({ ...config, tokens: true, options: Object.fromEntries(known) }).tokens;
}

/**
 * @param {string} title
 * @param {Usage} usage
 * @param {{ name: string, rawName: string, value: string | undefined, inlineValue: boolean | undefined }} token
 * @param {Words} read
 */
function readOption(title, { options = {} }, { name, rawName, value, inlineValue }, read) {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) {
    const all = [...Object.keys(options), 'help'].map((one) => `--${one}`);
    throw new WrongUsage(title, `there is no option ${rawName}`, nearest(rawName, all));
  }
  const { takes, least } = option;
  if (takes === undefined) {
    if (value !== undefined) throw new WrongUsage(title, `--${name} takes no value`, `--${name}`);
    read.add(name, '');
    return;
  }
  const usable = value !== undefined && value !== '' && (inlineValue || !value.startsWith('-'));
  const right = `--${name} ${takes}`;
  if (!usable) throw new WrongUsage(title, `--${name} has no value`, right);
  if (least !== undefined && !(/^\d+$/.test(value) && isAtLeast(Number(value), least))) {
    throw new WrongUsage(title, `--${name} takes a whole number from ${least}`, right);
  }
  read.add(name, value);
}

/**
 * @param {number} value
 * @param {number} least
 */
const isAtLeast = (value, least) => Number.isSafeInteger(value) && value >= least;

/**
 * @param {string} title
 * @param {Usage} usage
 */
function textOf(title, { about, names, options = {}, commands = {} }) {
  const further = Object.keys(commands).length > 0 && names === undefined ? ' COMMAND' : '';
  const named = names === undefined ? '' : namesOf(names);
  const some = Object.keys(options).length > 0 ? ' [OPTION …]' : '';
  const words = `${further}${named}${some}`;
  const rows = [
    ...Object.entries(commands).map(([name, one]) => [name, one.about]),
    ...Object.entries(options).map(([name, one]) => [formOf(name, one), one.about]),
  ];
  const width = Math.max(...rows.map(([form = '']) => form.length));
  return [
    `usage: ${title}${words === '' ? '' : `${dashes(title)}${words}`}`,
    `  ${about}`,
    ...rows.map(([form = '', text]) => `  ${form.padEnd(width)}  ${text}`),
  ].join('\n');
}

/** @param {import('./commands.mjs').Names} names */
const namesOf = ({ takes, most }) => (most === 1 ? ` ${takes}` : ` [${takes} …]`);

/**
 * @param {string} name
 * @param {import('./commands.mjs').Option} option
 */
function formOf(name, { takes, short, many }) {
  const before = short === undefined ? '' : `-${short}, `;
  const value = takes === undefined ? '' : ` ${takes}`;
  return `${before}--${name}${value}${many === undefined ? '' : ' …'}`;
}
