/** What the NATS client takes. */
export interface NatsOptions {
  servers: string;
  name: string;
  user?: string;
  pass?: string;
}

/** An address with credentials, as the client library takes them. */
export function natsOptions(url: string): NatsOptions {
  const { host, username, password } = new URL(url);
  const options: NatsOptions = { servers: host, name: 'portcullis-testbed' };
  if (username !== '') options.user = decodeURIComponent(username);
  if (password !== '') options.pass = decodeURIComponent(password);
  return options;
}

/** Deletes the JetStream streams that take subjects under this prefix. */
export async function deleteStreams(url: string, prefix: string): Promise<void> {
  const { connect } = await import('@nats-io/transport-node');
  const { jetstreamManager } = await import('@nats-io/jetstream');
  const connection = await connect({ ...natsOptions(url), timeout: 5_000 });
  try {
    const manager = await jetstreamManager(connection);
    const names: string[] = [];
    for await (const stream of manager.streams.list()) {
      const subjects = stream.config.subjects ?? [];
      if (subjects.some((subject) => subject.startsWith(`${prefix}.`)))
        names.push(stream.config.name);
    }
    for (const name of names) await manager.streams.delete(name);
  } finally {
    await connection.close();
  }
}
