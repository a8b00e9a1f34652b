/** What each framework is asked to serve: routes behind its own guard, on a server of its own. */
import type { Verifier } from '@portcullis/verify';
import type { AccessTokenClaims, GuardOptions } from '@portcullis/verify/guard';

export interface Route {
  /** Below `/guarded/`. */
  name: string;
  options: GuardOptions;
  /** What is answered to the caller, or thrown. */
  handle: (caller: AccessTokenClaims) => object;
}

export interface Guarded {
  verifier: Verifier;
  /** Of every route. */
  common: Pick<GuardOptions, 'cookies' | 'publicUrls'>;
  routes: readonly Route[];
  /** Of 127.0.0.1. */
  port: number;
}

/** @returns how it is ended */
export type StartFramework = (guarded: Guarded) => Promise<() => Promise<unknown>>;

/** The address below which the routes are: what a router is mounted at, where there are routers. */
export const PREFIX = '/guarded';
