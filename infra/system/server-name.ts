export const SERVERS = ['postgres', 'nats', 'redis'] as const;
export type ServerName = (typeof SERVERS)[number];

/** The setting that gives the address of a server that runs already. */
export const ADDRESS_SETTING: Record<ServerName, string> = {
  postgres: 'DATABASE_URL',
  nats: 'NATS_URL',
  redis: 'REDIS_URL',
};
