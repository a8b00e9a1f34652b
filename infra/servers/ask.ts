// One request in each server's own protocol.
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import type { ServerName } from '../system/server-name.ts';

const CONNECT_SECONDS = 3;

export const ask: Record<ServerName, (url: string) => Promise<void>> = {
  postgres: async (url) => {
    const sql = postgres(url, { max: 1, connect_timeout: CONNECT_SECONDS, onnotice: () => {} });
    try {
      await sql`select 1`;
    } finally {
      await sql.end({ timeout: 1 });
    }
  },
  nats: async (url) => {
    const connection = await connect({
      ...natsOptions(url),
      timeout: CONNECT_SECONDS * 1000,
      reconnect: false,
    });
    try {
      await connection.flush();
      if (connection.info?.jetstream !== true) throw new Error('it runs without JetStream');
    } finally {
      await connection.close();
    }
  },
  redis: async (url) => {
    const redis = new Redis(url, {
      lazyConnect: true,
      connectTimeout: CONNECT_SECONDS * 1000,
      // One that takes connections and says nothing, as a paused one does.
      commandTimeout: CONNECT_SECONDS * 1000,
      enableReadyCheck: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    redis.on('error', () => {}); // the command below fails with it
    try {
      await redis.connect();
      await redis.ping();
    } finally {
      redis.disconnect();
    }
  },
};

function natsOptions(url: string): { servers: string; user?: string; pass?: string } {
  const { hostname, port, username, password } = new URL(url);
  return {
    servers: `${hostname}:${port || '4222'}`,
    ...(username && { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
  };
}
