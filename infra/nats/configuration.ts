/**
 * The configuration of NATS, for one system: the same text for the launcher, for docker-compose.yml
 * and for production. It holds no secret. `$NAMES` are given in the environment, each in quotes of
 * its own: bare, the parser may take a value for a number or a size.
 */
import {
  busPermissions,
  DURABLES,
  type BusRole,
  type AccountExport,
  type Durable,
} from '@portcullis/bus';

/** Only looks whether NATS is there. */
export const LAUNCHER = 'launcher';

/**
 * @param prefix of all subjects
 * @param users `auth`, the names under which services verify, and the launcher
 * @param durables of these services
 */
export function natsConfiguration(
  prefix: string,
  users: readonly string[],
  durables: readonly Durable[] = DURABLES,
): string {
  const about = `
# Who may do what: see busPermissions in packages/bus. Another prefix than "${prefix}" needs
# another file.`;
  return `${HEADING}${about}\n${SERVER}
accounts {
${users.map((user) => accountBlock(prefix, user, durables)).join('')}}
`;
}

/** For a test run, whose prefixes are not known beforehand: the launcher's user may do everything. */
export function openNatsConfiguration(): string {
  return `${HEADING}\n${SERVER}
authorization {
  users: [ { user: ${LAUNCHER}, password: $${passwordVariable(LAUNCHER)} } ]
}
`;
}

/** A service's account with its one user. */
export function accountBlock(
  prefix: string,
  user: string,
  durables: readonly Durable[] = DURABLES,
): string {
  const account = accountOf(user);
  if (user === LAUNCHER) {
    return `  ${account} {
    users: [ {
      user: ${user}, password: $${passwordVariable(user)}
      permissions: { publish: { deny: ">" }, subscribe: { deny: ">" } }
    } ]
  }
`;
  }
  const { publish, subscribe, services, streams } = busPermissions(prefix, roleOf(user, durables));
  const crossing =
    user === AUTH
      ? `    jetstream: enabled
    exports: [
${lines(streams, (subject) => `{ stream: ${quoted(subject)} }`)}${lines(services, exported)}    ]
`
      : `    imports: [
${lines(streams, (subject) => `{ stream: ${fromAuth(subject)} }`)}${lines(services, imported)}    ]
`;
  return `  ${account} {
${crossing}    users: [ {
      user: ${user}, password: $${passwordVariable(user)}
      permissions: {
        publish: [
${lines(publish, (subject) => `    ${quoted(subject)}`)}        ]
        subscribe: [
${lines(subscribe, (subject) => `    ${quoted(subject)}`)}        ]
      }
    } ]
  }
`;
}

/** The environment variable of NATS that holds a user's password. */
export function passwordVariable(user: string): string {
  return `NATS_${accountOf(user)}_PASSWORD`;
}

const AUTH = 'auth';

function accountOf(user: string): string {
  return user.toUpperCase().replaceAll('-', '_');
}

function roleOf(user: string, durables: readonly Durable[]): BusRole {
  if (user === AUTH) return { kind: 'auth' };
  const own = durables.filter(({ service }) => service === user).map(({ stream }) => stream);
  return { kind: 'verifier', service: user, durables: own };
}

/** One pull is answered with many messages. */
function exported({ subject }: AccountExport): string {
  const many = subject.includes('.MSG.NEXT.') ? ', response_type: stream' : '';
  return `{ service: ${quoted(subject)}${many} }`;
}

function imported({ subject, as }: AccountExport): string {
  const to = as === undefined ? '' : `, to: ${quoted(as)}`;
  return `{ service: ${fromAuth(subject)}${to} }`;
}

function fromAuth(subject: string): string {
  return `{ account: ${accountOf(AUTH)}, subject: ${quoted(subject)} }`;
}

function lines<T>(all: readonly T[], line: (one: T) => string): string {
  return all.map((one) => `      ${line(one)}\n`).join('');
}

const quoted = (text: string): string => JSON.stringify(text);

const HEADING =
  '# Where and what: $NATS_LISTEN, $NATS_STORE_DIR and the passwords come from the environment.';

const SERVER = `
server_name: portcullis
listen: $NATS_LISTEN

jetstream {
  # Files, so that what was published survives a restart. Correctness never rests on it.
  store_dir: $NATS_STORE_DIR
  max_memory_store: 64MB
  max_file_store: 1GB
}

# Events and grants are small. A larger one is a mistake or an attack.
max_payload: 1MB
# A verifier has to know within a second or two that its connection is gone.
ping_interval: "2s"
ping_max: 3
write_deadline: "5s"
`;
