import { build } from './build.ts';
import type { ServicePorts } from './catalogue.ts';
import { SERVICES, SUBJECT_PREFIX, type ServiceName } from '../service-names.ts';
import { createDatabases } from './databases.ts';
import { CLIENTS, serviceEnvironments, type ServiceEnvironment } from './environment.ts';
import {
  administratorFromEnvironment,
  firstAdministrator,
  type Administrator,
} from './first-administrator.ts';
import { clientIdOf, clientSecretOf, writeEnvironment } from './own-service-environment.ts';
import {
  ensureOwnServicesFile,
  ownServices,
  present,
  type OwnService,
} from '../nats/own-services.ts';
import { runService, runServiceCommand } from './run-service.ts';
import { demandWritten } from './declared-access.ts';
import { isGiven, notPassedOn } from './settings.ts';
import type { Session } from '../lifetime/session.ts';
import type { RunningProcess } from '../lifetime/supervisor.ts';
import { natsUrlOf, natsUrls } from '../nats/users.ts';
import { secret, secretFile } from '../secrets.ts';
import { mailFolder } from './print-mail-links.ts';
import { bringUpServers, type RunningServer } from '../servers/bring-up.ts';
import { tellServerEnds } from '../servers/server-ends.ts';
import { note, step } from '../steps.ts';

export interface PreparedSystem {
  environments: Record<ServiceName, ServiceEnvironment>;
  administrator: Administrator;
}

export const VERIFIER_SCOPE = 'revocations:read tokens:introspect';
/** What the services may ask of the auth service. */
const SCOPES = {
  user: `${VERIFIER_SCOPE} users:rename`,
  admin:
    'users:read users:write users:delete roles:write sessions:revoke verifiers:read keys:write ' +
    'audit:read clients:read clients:write ' +
    VERIFIER_SCOPE,
};
export const AUTH_AUDIENCE = 'urn:portcullis:auth';

/** Everything that has to be there before the services can run. */
export async function prepareSystem(
  session: Session,
  ports: ServicePorts,
): Promise<PreparedSystem> {
  const prepared = await prepareDatabases(session, ports);
  const own = present(ownServices(session.dataFolder));
  await step('machine clients', () => ensureClients(session, prepared.environments.auth, own));
  return prepared;
}

/** Servers, and databases of the present schema; nothing in them is changed otherwise. */
export async function prepareDatabases(
  session: Session,
  ports: ServicePorts,
): Promise<PreparedSystem> {
  const { dataFolder } = session;
  administratorFromEnvironment(); // a mistake there should not take a build to show
  if (!isGiven('PORTCULLIS_CONFIG')) await demandWritten();
  for (const text of notPassedOn()) note(text);
  const servers = await bringUpServers(session, { durable: true, busUsers: 'each' });
  tellServerEnds(session, servers);
  const databases = await step('databases', () => createDatabases(dataFolder, servers.postgres));
  await step('build', () => build(session));
  const administrator = firstAdministrator();
  const own = present(ownServices(dataFolder));
  const environments = serviceEnvironments({
    ports,
    servicesFile: ensureOwnServicesFile(dataFolder),
    databases,
    nats: busUrls(dataFolder, servers.nats),
    redis: servers.redis.url,
    administrator,
    keyEncryptionKeyFile: secretFile(dataFolder, 'key-encryption-key'),
    mailFolder: mailFolder(dataFolder),
    clientSecretFiles: {
      user: secretFile(dataFolder, 'user-client'),
      admin: secretFile(dataFolder, 'admin-client'),
    },
  });
  for (const service of own) {
    writeEnvironment(dataFolder, service, {
      issuer: environments.auth['PORTCULLIS_ISSUER'] ?? '',
      prefix: SUBJECT_PREFIX,
      nats: natsUrlOf(dataFolder, servers.nats.url, service.name),
    });
  }
  await step('migrate', async () => {
    await runServiceCommand(session, 'auth', 'migrate', [], environments.auth);
    await runServiceCommand(session, 'user', 'migrate', [], environments.user);
  });
  return { environments, administrator };
}

async function ensureClients(
  session: Session,
  env: ServiceEnvironment,
  own: readonly OwnService[],
): Promise<void> {
  const { dataFolder } = session;
  const clients = [
    ...(['user', 'admin'] as const).map((name) => ({
      name,
      id: CLIENTS[name],
      scope: SCOPES[name],
      secret: secret(dataFolder, `${name}-client`),
    })),
    ...own.map((service) => ({
      name: service.name,
      id: clientIdOf(service),
      scope: VERIFIER_SCOPE,
      secret: clientSecretOf(dataFolder, service),
    })),
  ];
  for (const { name, id, scope, secret: proof } of clients) {
    const words = ['--id', id, '--name', name, '--scope', scope, '--audience', AUTH_AUDIENCE];
    await runServiceCommand(session, 'auth', 'ensure-client', words, {
      ...env,
      PORTCULLIS_CLIENT_SECRET: proof,
    });
  }
}

/** A developer who gives the address of a server has users there, and names the one of auth, user and admin. */
function busUrls(dataFolder: string, { url, origin }: RunningServer): Record<ServiceName, string> {
  return origin === 'environment'
    ? { auth: url, user: url, admin: url }
    : natsUrls(dataFolder, url);
}

/** Runs the services; the others after auth, whose keys and grants they need to be ready. */
export async function runServices(
  session: Session,
  environments: Record<ServiceName, ServiceEnvironment>,
): Promise<RunningProcess[]> {
  const run = (service: ServiceName): Promise<RunningProcess> =>
    step(
      service,
      () => runService(session, service, environments[service]),
      () => `http://localhost:${environments[service]['PORT']}`,
    );
  const auth = await run('auth');
  const others = await Promise.allSettled(SERVICES.filter((name) => name !== 'auth').map(run));
  return [
    auth,
    ...others.map((one) => {
      if (one.status === 'rejected') throw one.reason;
      return one.value;
    }),
  ];
}
