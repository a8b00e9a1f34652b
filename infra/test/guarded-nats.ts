/** A NATS server of a test's own with the users and permissions of production. */
import { inboxPrefix } from '@portcullis/bus';
import { startPrivateNats, type PrivateNats } from '@portcullis/testbed';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { LAUNCHER, natsConfiguration, passwordVariable } from '../nats/configuration.ts';

export const USERS = [LAUNCHER, 'auth', 'user', 'admin'];

const passwordOf = (user: string): string => `password of ${user}`;

export interface GuardedNats extends PrivateNats {
  urlOf(user: string): string;
  /** As a service of that name connects. */
  connectAs(user: string): Promise<NatsConnection>;
}

/** @param settings of the server, besides those of production */
export async function startGuardedNats(prefix: string, settings = ''): Promise<GuardedNats> {
  const nats = await startPrivateNats({
    configuration: `${natsConfiguration(prefix, USERS)}${settings}`,
    env: Object.fromEntries(
      USERS.map((user) => [passwordVariable(user), JSON.stringify(passwordOf(user))]),
    ),
    user: LAUNCHER,
    pass: passwordOf(LAUNCHER),
  });
  return Object.assign(nats, {
    urlOf(user: string) {
      const url = new URL(nats.url);
      url.username = user;
      url.password = encodeURIComponent(passwordOf(user));
      return url.href;
    },
    connectAs: async (user: string) =>
      await connect({
        servers: new URL(nats.url).host,
        user,
        pass: passwordOf(user),
        inboxPrefix: inboxPrefix(prefix, user),
        reconnect: false,
      }),
  });
}
