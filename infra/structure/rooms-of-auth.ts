/** The rooms of auth from the ground up, and what the files of each may import. */
export const ROOMS_OF_AUTH: Readonly<Record<string, readonly string[]>> = {
  // loops, bounded waits, lifetimes
  timing: [],
  // schema, connections, migrations: drizzle is the language of the verbs, so that many may import it
  database: [],
  // hashing, admission, what a password has to be
  password: [],
  // rate limits, networks of clients
  limits: [],
  redis: [],
  // one transaction: state, rows of the log, the audit row, events, mail intents
  change: ['database'],
  // DPoP nonces and proofs, single use
  proof: ['database'],
  // what roles carry: the database's mapping, and how a configuration becomes it
  access: ['change', 'database'],
  // rows of accounts, keys of addresses, row locks
  users: ['change', 'database'],
  // chain, trail, verification
  audit: ['change', 'database', 'timing'],
  // log, publication, grants, registry, receipts, snapshots, and their adapters
  revocation: ['change', 'database', 'timing'],
  // single-use links
  link: ['database', 'users'],
  // who may act on whom
  administration: ['access', 'change', 'database'],
  // signing keys, seals, rotation
  keys: ['access', 'administration', 'change', 'database', 'revocation', 'timing'],
  // texts, rendering, delivery, transports
  mail: ['database', 'link', 'users'],
  // issue, read and check access tokens
  token: ['database', 'keys', 'timing'],
  // machine clients
  client: ['access', 'administration', 'change', 'database', 'proof', 'revocation', 'token'],
  // open, refresh, end
  session: ['change', 'database', 'revocation', 'timing', 'token', 'users'],
  // BullMQ: queues, schedules
  jobs: ['database', 'mail', 'redis', 'revocation', 'session', 'timing'],
  // settings: what of the environment is what
  config: ['access', 'client', 'keys', 'password', 'timing', 'users'],
  login: ['change', 'database', 'limits', 'password', 'session', 'token', 'users'],
  // one file an endpoint or grant
  oauth: [
    ...['change', 'client', 'database', 'keys', 'proof', 'revocation', 'session', 'token', 'users'],
  ],
  // verbs of account holders and administrators
  account: [
    ...['administration', 'change', 'database', 'limits', 'link', 'login', 'password'],
    ...['revocation', 'session', 'timing', 'users'],
  ],
  // authenticator apps and recovery codes: the factors that are built in
  factor: [...['change', 'database', 'keys', 'login', 'revocation', 'session', 'users']],
  // raw endpoints and pages
  http: ['mail', 'oauth', 'revocation'],
  // the pages on which users sign in, sign up and sign out
  signin: ['oauth'],
  // after a restored backup
  restore: [
    ...[
      'account',
      'administration',
      'change',
      'database',
      'keys',
      'revocation',
      'session',
      'users',
    ],
  ],
  // the bus: streams, and what is read from them
  nats: ['audit', 'restore', 'revocation'],
  // operator commands
  commands: [
    ...['account', 'audit', 'change', 'client', 'database', 'keys', 'nats', 'password'],
    ...['access', 'config', 'factor', 'restore', 'revocation', 'timing'],
  ],
};
