/**
 * Options that were typed without the dashes before them: npm keeps them as settings of its own, which the command sees in
 * its environment, and hands on the other words. A value after a blank is among these, and the setting is `true` then.
 */
import { dashes, WrongUsage } from './wrong-usage.mjs';

/** Settings that npm, or a build by it, has from elsewhere: there they say nothing of this command. */
const OF_NPM = ['force', 'scope', 'jobs'];

/**
 * @param {string} title the command, as it is typed
 * @param {import('./commands.mjs').Usage} usage
 * @param {{ names: readonly string[], flag: (name: string) => boolean }} read what has arrived
 * @throws {WrongUsage} with the command as it has to be typed, where npm has kept an option
 */
export function demandNoneKept(title, { options = {}, names }, read) {
  const kept = Object.entries(options).flatMap(([name, option]) => {
    const value = process.env[settingOf(name)];
    const isKept = value && value !== 'false' && !OF_NPM.includes(name) && !read.flag(name);
    return isKept ? [{ name, option, value }] : [];
  });
  if (kept.length === 0) return;
  const most = names?.most ?? 0;
  // Which of several values is whose cannot be told: npm does not keep their order.
  const blank = kept.filter(({ option, value }) => option.takes !== undefined && value === 'true');
  const left = read.names.slice(most);
  const meant = kept.map(({ name, option, value }) => {
    if (option.takes === undefined) return `--${name}`;
    if (value !== 'true') return value.split('\n\n').map((one) => `--${name} ${one}`);
    const [only] = left;
    const isSure = blank.length === 1 && left.length === 1 && only !== undefined;
    return `--${name} ${isSure ? only : option.takes}`;
  });
  const all = kept.map(({ name }) => `--${name}`).join(', ');
  const words = [`${title}${dashes(title)}`, ...read.names.slice(0, most), ...meant.flat()];
  throw new WrongUsage(title, `npm has kept ${all} for itself`, undefined, words.join(' '));
}

/** @param {string} name */
const settingOf = (name) => `npm_config_${name.replaceAll('-', '_').toLowerCase()}`;
