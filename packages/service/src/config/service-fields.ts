/** The variables that every service reads. */
import { isLoopbackHost, LOOPBACK_HOSTS } from '@portcullis/contracts';
import * as z from 'zod';
import { flag } from './flag.ts';
import { pageAnswerHeaders, pageRequestHeaders } from './header-names.ts';
import type { Environment } from './read-config.ts';
import { tlsFields } from './tls-fields.ts';

export function isProduction(env: Environment): boolean {
  return env['NODE_ENV'] === 'production';
}

/** A whole number in the environment, which knows only text. */
export function integer(bounds: { min: number; max: number }) {
  return z
    .string()
    .regex(/^\d{1,15}$/, 'is not a whole number')
    .transform(Number)
    .pipe(
      z
        .number()
        .min(bounds.min, `is below ${bounds.min}`)
        .max(bounds.max, `is above ${bounds.max}`),
    );
}

/** An http or https address; in production plain http is for the same machine only. */
export function httpUrl(options: { production: boolean }) {
  return z
    .string()
    .max(512, 'is too long')
    .refine((value) => {
      // An empty query or fragment leaves no trace in a URL that was read.
      if (!URL.canParse(value) || /[?#\s]/.test(value)) return false;
      const { protocol, username, password } = new URL(value);
      return /^https?:$/.test(protocol) && username === '' && password === '';
    }, 'is not an http(s) address without query, fragment or credentials')
    .refine((value) => {
      if (!options.production || !URL.canParse(value)) return true;
      const url = new URL(value);
      return url.protocol === 'https:' || isLoopbackHost(url.hostname);
    }, 'has to be https in production');
}

const trustedProxies = z
  .string()
  .transform((value) => value.split(',').map((entry) => entry.trim()))
  .pipe(
    z.array(z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]), {
      error: 'is not a list of addresses or CIDR blocks joined by commas',
    }),
  );

/** An origin as a browser writes it: scheme, host and port, without a slash at the end. */
const webOrigins = (options: { production: boolean }) =>
  z
    .string()
    .transform((value) => value.split(',').map((entry) => entry.trim()))
    .pipe(
      z.array(
        httpUrl(options).refine(
          (value) => URL.canParse(value) && new URL(value).origin === value,
          'is not a list of origins, such as https://app.example.com, joined by commas',
        ),
      ),
    );

export interface ServiceFieldOptions {
  production: boolean;
  /** The port unless PORT says otherwise. */
  port: number;
}

export function serviceFields({ production, port }: ServiceFieldOptions) {
  return {
    NODE_ENV: z.enum(['development', 'production', 'test']).default('development'),
    /** Loopback by default: a service is not reachable from outside by accident. */
    HOST: z.string().max(255).default('127.0.0.1'),
    PORT: integer({ min: 0, max: 65_535 }).default(port),
    PORTCULLIS_ISSUER: httpUrl({ production }),
    /** Where clients reach this service: what the proofs of bound tokens have to name (RFC 9449). */
    PORTCULLIS_PUBLIC_URL: httpUrl({ production }).optional(),
    NATS_URL: z
      .string()
      .max(2048)
      .refine(
        (value) =>
          value
            .split(',')
            .every((one) => URL.canParse(one) && /^(nats|tls):$/.test(new URL(one).protocol)),
        'is not a nats:// or tls:// address',
      ),
    PORTCULLIS_PREFIX: z
      .string()
      .max(64)
      .regex(/^[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*$/, 'is not one or more NATS tokens joined by dots')
      .default('portcullis'),
    /** From the signal to stop until no connection is taken, so that balancers notice it before. */
    PORTCULLIS_DRAIN_DELAY_MS: integer({ min: 0, max: 300_000 }).default(0),
    LOG_LEVEL: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
      .default('info'),
    /** Peers whose `x-forwarded-for` is believed; none by default. */
    PORTCULLIS_TRUSTED_PROXIES: trustedProxies.default([]),
    /** Pages of these origins may call with cookies, and read the answers; none by default. */
    PORTCULLIS_WEB_ORIGINS: webOrigins({ production }).default([]),
    /** Further headers that those pages may send; exact names, none by default. */
    PORTCULLIS_WEB_REQUEST_HEADERS: pageRequestHeaders.default([]),
    /** Further headers of answers that those pages may read; exact names, none by default. */
    PORTCULLIS_WEB_ANSWER_HEADERS: pageAnswerHeaders.default([]),
    /** Cookies in the form that plain http on this machine needs; refused in production. */
    PORTCULLIS_INSECURE_COOKIES: flag
      .refine((value) => !(value && production), 'is not for production')
      .default(false),
    ...tlsFields({ production }),
  };
}

/**
 * The addresses under which clients reach a service, without a slash at the end. Never taken from a
 * request. On a developer's machine a service is known by its port; in production they have to be set,
 * and bound tokens are refused until they are.
 */
export function publicUrlsOf(fields: {
  NODE_ENV: string;
  PORT: number;
  PORTCULLIS_PUBLIC_URL?: string | undefined;
}): string[] {
  const { NODE_ENV, PORT, PORTCULLIS_PUBLIC_URL: publicUrl } = fields;
  if (publicUrl !== undefined) return [publicUrl.replace(/\/+$/, '')];
  if (NODE_ENV === 'production') return [];
  return LOOPBACK_HOSTS.map((host) => `http://${host}:${PORT}`);
}
