/** The variables that every service reads which verifies tokens, and their configuration. */
import { clientId } from '@portcullis/contracts/schemas';
import * as z from 'zod';
import { cookieSettings } from './cookie-settings.ts';
import { secret } from './secret.ts';
import { httpUrl, publicUrlsOf, type serviceFields } from './service-fields.ts';
import { securedAddress, tlsFilesOf } from './tls-fields.ts';

/** Characters: 24 random bytes in base64url. */
const MIN_CLIENT_SECRET = 32;

/** The credentials of a machine client at the auth service. */
export function clientFields({ production }: { production: boolean }) {
  return {
    PORTCULLIS_CLIENT_ID: clientId,
    PORTCULLIS_CLIENT_SECRET: secret({ production, minLength: MIN_CLIENT_SECRET }),
  };
}

/**
 * The address of the auth service where clients fetch tokens. The secret of the client goes there, so
 * that even in development it is https, or this machine.
 */
export const authUrl = httpUrl({ production: true });

export interface VerifiedServiceFieldOptions {
  production: boolean;
  /** The audience unless PORTCULLIS_AUDIENCE says otherwise. */
  audience: string;
}

/** Beside those of `serviceFields`. */
export function verifiedServiceFields({ production, audience }: VerifiedServiceFieldOptions) {
  return {
    /** The issuer's address by default. */
    PORTCULLIS_AUTH_URL: authUrl.optional(),
    PORTCULLIS_AUDIENCE: z.string().min(1).max(256).default(audience),
    ...clientFields({ production }),
  };
}

type Fields = ReturnType<typeof serviceFields> & ReturnType<typeof verifiedServiceFields>;

export type VerifiedServiceConfig = ReturnType<typeof verifiedServiceConfig>;

/**
 * @throws ConfigurationError for insecure cookies anywhere but on this machine, and for servers that would not be
 *   checked
 */
export function verifiedServiceConfig(production: boolean, read: z.output<z.ZodObject<Fields>>) {
  return {
    production,
    host: read.HOST,
    port: read.PORT,
    logLevel: read.LOG_LEVEL,
    publicUrls: publicUrlsOf(read),
    trustedProxies: read.PORTCULLIS_TRUSTED_PROXIES,
    drainDelayMs: read.PORTCULLIS_DRAIN_DELAY_MS,
    cookies: cookieSettings(read),
    natsUrl: securedAddress('NATS_URL', read.NATS_URL, read, production),
    /** For connections to auth; those to the bus have them in their address. */
    tlsFiles: tlsFilesOf(read),
    prefix: read.PORTCULLIS_PREFIX,
    issuer: read.PORTCULLIS_ISSUER,
    audience: read.PORTCULLIS_AUDIENCE,
    authUrl: read.PORTCULLIS_AUTH_URL ?? read.PORTCULLIS_ISSUER,
    client: { clientId: read.PORTCULLIS_CLIENT_ID, clientSecret: read.PORTCULLIS_CLIENT_SECRET },
  };
}
