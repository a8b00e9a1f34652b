/** Words that cannot be meant: said in one line, with exit status 2. */
export class WrongUsage extends Error {
  /** @override */
  name = 'WrongUsage';

  /**
   * @param {string} command as it is typed
   * @param {string} what is wrong
   * @param {string | undefined} instead the nearest right thing
   * @param {string} fix what to type; its help unless given
   */
  constructor(command, what, instead, fix = `${command}${dashes(command)} --help`) {
    const other = instead === undefined ? '' : ` Nearest: ${instead}.`;
    super(`${command}: ${what}.${other} Fix: ${fix}`);
  }
}

/**
 * npm takes options for its own until it has seen these.
 *
 * @param {string} command
 */
export const dashes = (command) => (command.includes(' -- ') ? '' : ' --');
