/**
 * What each command of package.json takes. What is not here is refused, so this is the whole of it; what the
 * words are worth beyond that (is there such a benchmark?) the command itself decides.
 *
 * @typedef {{ about: string, takes?: string, many?: true, least?: number, short?: string }} Option
 *   `takes` names its value, without which it is a flag; `least` makes that a whole number
 * @typedef {{ takes: string, most: number }} Names further words, and how many there may be
 * @typedef {{
 *   about: string,
 *   options?: Readonly<Record<string, Option>>,
 *   names?: Names,
 *   commands?: Readonly<Record<string, Usage>>,
 * }} Usage
 */

/** @type {Option} */
const LIST = { about: 'names them all' };
/** @type {Option} */
const AT = { takes: 'COMMIT', about: 'with that commit beside or instead of this one' };
const MANY = Number.POSITIVE_INFINITY;

/** @type {Usage} */
const AFTER_RESTORE = {
  about: 'makes a restored backup safe to serve from, while auth is stopped',
  options: {
    'dry-run': { about: 'changes nothing, and says what it would do' },
    apply: { about: 'repeats what NATS still has of the time after the backup' },
  },
};
/** @type {Usage} */
const BREAK_GLASS = { about: 'ends every access token and every session; auth may be running' };

/** @type {Readonly<Record<string, Usage>>} */
export const COMMANDS_OF_AUTH = {
  migrate: { about: 'brings the database to this release' },
  'create-admin': { about: 'makes the administrator of PORTCULLIS_ADMIN_EMAIL' },
  'apply-config': {
    about: 'has the roles of PORTCULLIS_CONFIG count, and waits for their receipt',
  },
  'ensure-client': {
    about: 'makes a machine client, or changes it; its secret: PORTCULLIS_CLIENT_SECRET',
    options: {
      id: { takes: 'ID', about: 'as in cli_orders' },
      name: { takes: 'NAME', about: 'that people read' },
      scope: { takes: 'SCOPES', about: 'permissions, separated by blanks' },
      audience: { takes: 'URN', many: true, about: 'that its tokens are for' },
    },
  },
  'ensure-application': {
    about: 'makes an application whose users sign in on the pages of auth, or changes it',
    options: {
      id: { takes: 'ID', about: 'as in cli_shop' },
      name: { takes: 'NAME', about: 'that its users read' },
      'redirect-uri': { takes: 'URI', many: true, about: 'that users may come back to' },
    },
  },
  'disable-client': {
    about: 'disables a machine client permanently, and prints the receipt',
    options: { id: { takes: 'ID', about: 'as in cli_orders' } },
  },
  'reset-factors': {
    about: 'takes app and recovery codes off an account, and prints the receipt',
    options: { email: { takes: 'ADDRESS', about: 'of the account' } },
  },
  'change-epoch': { about: 'has every verifier start over' },
  'verify-audit': { about: 'verifies the audit trail' },
  'require-stopped': { about: 'ends with 1 while auth is connected to its database' },
  'after-restore': AFTER_RESTORE,
  'break-glass': BREAK_GLASS,
};

/** @type {Readonly<Record<string, Usage>>} */
export const COMMANDS_OF_USER = {
  migrate: { about: 'brings the database to this release' },
  'reconcile-profiles': { about: 'takes addresses and names from auth once more' },
};

/** @type {Readonly<Record<string, Usage>>} */
const OPERATING = {
  start: { about: 'the whole system, until Ctrl-C; PORT=5000 npm start for other ports' },
  demo: { about: 'walks through the system that runs, or one of its own' },
  dev: { about: 'the same system as npm start, in watch mode' },
  auth: { about: 'a command of auth, on its database', commands: COMMANDS_OF_AUTH },
  user: { about: 'a command of the user service, on its database', commands: COMMANDS_OF_USER },
  'after-restore': AFTER_RESTORE,
  'break-glass': BREAK_GLASS,
  backup: {
    about: 'backs up the databases of auth and user, or one of them, into a folder of its own',
    names: { takes: 'SERVICE', most: 2 },
    options: {
      into: { takes: 'FOLDER', about: 'of all backups; backups' },
      verify: { about: 'restores it into a server of its own, and compares the rows' },
      metrics: { takes: 'FOLDER', about: 'of a textfile collector, which is told that it is done' },
    },
  },
  'verify-backup': {
    about: 'restores a backup into a server of its own, and compares the rows',
    names: { takes: 'FOLDER', most: 1 },
  },
  restore: {
    about: 'puts a backup in the place of the databases, while auth is stopped',
    names: { takes: 'FOLDER', most: 1 },
    options: {
      only: { takes: 'SERVICE', about: 'auth or user, of a backup of both' },
      'dry-run': { about: 'changes nothing, and says what it would do' },
      apply: { about: 'repeats what NATS still has of the time after the backup' },
      replace: { about: 'over a database that is in use: what was committed since is lost' },
    },
  },
  config: {
    about: 'portcullis.config.json of portcullis.config.ts, in force where npm start runs',
  },
  service: {
    about: 'services of your own beside npm start',
    commands: {
      add: {
        about: 'adds one to the system that runs, or changes it',
        names: { takes: 'NAME', most: 1 },
        options: {
          audience: { takes: 'URN', about: 'of its own, that tokens may be for' },
          permissions: { takes: 'LIST', many: true, about: 'of its own, separated by commas' },
          events: { takes: 'STREAM', many: true, about: 'accounts or revocations, durably' },
          show: { about: 'prints its settings, secrets too' },
        },
      },
      remove: {
        about: 'removes one: its client and its user are refused',
        names: { takes: 'NAME', most: 1 },
      },
      list: { about: 'lists them' },
    },
  },
  example: {
    about: 'the service of the README, or client: its typed client; beside npm start',
    names: { takes: 'NAME', most: 1 },
  },
};

/** @type {Readonly<Record<string, Usage>>} */
const DEVELOPING = {
  build: { about: 'builds what has changed' },
  test: {
    about: 'every check and test, or the test files with this in their path',
    names: { takes: 'FILE', most: MANY },
    options: {
      testNamePattern: { takes: 'PATTERN', short: 't', about: 'only tests with such a name' },
    },
  },
  typecheck: { about: 'types, of tests too', options: { force: { about: 'those unchanged too' } } },
  boundaries: { about: 'which package may use which' },
  asyncapi: { about: 'writes docs/asyncapi.json' },
  routes: { about: 'writes the table of routes in docs/reference.md' },
  pack: {
    about: 'packs what is published, or these, and prints how to install it',
    names: { takes: 'PACKAGE', most: MANY },
    options: { into: { takes: 'FOLDER', about: 'installs them there, in a project of your own' } },
  },
  'pack:check': {
    about: 'uses what it packs as projects of users do: each Node, lowest and newest peers',
    names: { takes: 'STEP', most: MANY },
  },
  examples: {
    about: 'installs, checks and runs the projects of examples/, or these, as users would',
    names: { takes: 'EXAMPLE', most: MANY },
  },
  image: {
    about: 'builds the tree of the images, or of these, and starts the services in it',
    names: { takes: 'SERVICE', most: MANY },
  },
  manifests: {
    about: 'files of compose and the chart, read by compose, helm and the types of Kubernetes',
    options: { write: { about: 'writes the dashboards, and what helm makes of the chart' } },
  },
  release: {
    about: 'gives every package, service and CHANGELOG.md the next version',
    names: { takes: 'VERSION', most: 1 },
    options: { repository: { takes: 'URL', about: 'where the sources are published' } },
  },
  field: {
    about: 'the tests of docs/field-faults.md, which has the ids',
    names: { takes: 'ID', most: MANY },
    options: { at: AT },
  },
  matrix: {
    about: 'the whole of npm test on each supported version',
    names: { takes: 'ROW', most: MANY },
  },
};

/** @type {Readonly<Record<string, Usage>>} */
const PROVING = {
  faults: {
    about: 'real faults on real processes, and whether the guarantees held',
    options: {
      list: LIST,
      case: { takes: 'NAME', many: true, about: 'only this one' },
      seed: { takes: 'N', least: 0, about: 'repeats the choices of a run' },
      short: { about: 'what lasts a minute lasts seconds' },
    },
  },
  alerts: {
    about: 'a real Prometheus over the whole system: each alert fires by its cause, and clears',
    names: { takes: 'ALERT', most: MANY },
    options: { list: LIST },
  },
  load: {
    about: 'an everyday half hour under load, and whether every guarantee held',
    options: {
      minutes: { takes: 'N', least: 1, about: 'how long it lasts; 30' },
      seed: { takes: 'N', least: 0, about: 'repeats the choices of a run' },
    },
  },
  migrations: {
    about: 'every migration under load',
    options: { sessions: { takes: 'N', least: 100, about: 'in the database; 300000' } },
  },
  model: {
    about: 'the model of the revocation protocol, every state',
    options: {
      short: { about: 'small forms, and fewer mutants' },
      trails: { about: 'prints each counterexample' },
    },
  },
  simulate: {
    about: 'the revocation protocol over a simulated clock, bus and database',
    options: {
      seeds: { takes: 'N', least: 0, about: 'as many seeds; 200' },
      from: { takes: 'N', least: 0, about: 'the first of them; 1' },
      seed: { takes: 'N', least: 0, about: 'one seed, step by step' },
      quiet: { about: 'of that one seed only the outcome' },
      without: { takes: 'NAME', about: 'with a protection removed, or each in turn: all' },
      spare: { takes: 'FAULT', many: true, about: 'without faults of this kind' },
      add: { takes: 'FAULT', many: true, about: 'with faults of this kind' },
      jobs: { takes: 'N', least: 0, about: 'processes; as many as processors' },
    },
  },
  fuzz: {
    about: 'the verifier against tokens that no test names',
    options: {
      tokens: { takes: 'N', least: 0, about: 'mutated ones; 1000000' },
      grammar: { takes: 'N', least: 0, about: 'generated ones; 100000' },
      seed: { takes: 'N', least: 0, about: 'the same tokens again; 1' },
      without: { takes: 'RULE', about: 'a verifier without this rule, or each in turn: all' },
    },
  },
  capacity: {
    about: 'how much of each kind of work auth does, beside another commit of it: all, or these',
    names: { takes: 'PART', most: MANY },
    commands: {
      size: {
        about: 'what a system needs, worked out from what was measured',
        options: {
          users: { takes: 'N', least: 1, about: '10,000' },
          'logins-an-hour': { takes: 'N', least: 0, about: 'and as many logouts; 1,000' },
          verifiers: { takes: 'N', least: 0, about: '3' },
          refreshes: { takes: 'N', least: 0, about: 'of each login; 6' },
          instances: { takes: 'N', least: 1, about: 'of auth; 2' },
          regions: { takes: 'N', least: 1, about: '1' },
        },
      },
      plots: {
        about: 'SVGs of what --json has written',
        names: { takes: 'FILE', most: 1 },
        options: { into: { takes: 'FOLDER', about: 'docs/capacity' } },
      },
    },
    options: {
      list: LIST,
      short: { about: 'one round: whether it runs, not a figure' },
      rounds: { takes: 'N', least: 1, about: 'of each; 5' },
      at: { takes: 'COMMIT', about: 'with that commit beside this one' },
      largest: { takes: 'N', least: 4, about: 'flatness: up to 10^N sessions; 6, at most 7' },
      json: { takes: 'FILE', about: 'writes the figures there' },
    },
  },
  bench: {
    about: 'benchmarks beside peers: all, or these, or a family of them',
    names: { takes: 'NAME', most: MANY },
    options: {
      list: LIST,
      short: { about: 'fewer rounds: whether it runs, not a figure' },
      alg: { takes: 'ALG', about: 'verify/cold: this algorithm alone' },
      at: AT,
      node: { takes: 'PATH', about: 'by another Node than this one' },
    },
  },
  timing: {
    about: 'whether the clock distinguishes known addresses from unknown ones',
    options: {
      list: LIST,
      only: { takes: 'NAME', many: true, about: 'only this operation' },
      pairs: { takes: 'N', least: 1, about: 'of addresses; 500' },
      rounds: { takes: 'N', least: 1, about: '5' },
      seed: { takes: 'N', least: 0, about: 'the same choices again' },
    },
  },
};

/** By the name of the file of infra whose `main` it is, with a colon for its dash where it is a part of another. */
export const COMMANDS = { ...OPERATING, ...DEVELOPING, ...PROVING };
