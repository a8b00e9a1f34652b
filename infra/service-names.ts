export const SERVICES = ['auth', 'user', 'admin'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Where everything travels on NATS: its users are made for it, and the services get it. */
export const SUBJECT_PREFIX: string = process.env['PORTCULLIS_PREFIX'] ?? 'portcullis';
