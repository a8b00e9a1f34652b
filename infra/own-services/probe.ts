/** Whether a service would be served: by NATS, by auth over HTTP, and what it reads durably. Each as the service itself. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { connectionOptions, EVENTS_API, streamName, subjectsOf } from '@portcullis/bus';
import { connectVerifier } from '@portcullis/verify/connect';
import { httpGrants } from '@portcullis/verify/feeds/http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OwnService } from '../nats/own-services.ts';
import { audienceOf, clientIdOf } from '../services/own-service-environment.ts';

const HTTP_TIMEOUT_MS = 3_000;
const NATS_TIMEOUT_MS = 2_000;
const POLL_MS = 100;

export interface Surroundings {
  issuer: string;
  authUrl: string;
  prefix: string;
  /** With the credentials of the service. */
  nats: string;
  clientSecret: string;
}

/** @returns what is in the way of a grant over NATS; undefined: one came */
export async function problemOverNats(
  service: OwnService,
  { issuer, nats, prefix }: Surroundings,
  timeoutMs: number,
): Promise<string | undefined> {
  await using verifier = await connectVerifier({
    issuer,
    audience: audienceOf(service),
    service: service.name,
    nats,
    prefix,
    onProblem: () => undefined,
  });
  try {
    await verifier.ready(AbortSignal.timeout(timeoutMs));
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** @returns what is in the way of its machine client; undefined: auth serves it */
export async function problemOfClient(
  service: OwnService,
  { authUrl, clientSecret }: Surroundings,
): Promise<string | undefined> {
  const source = httpGrants({ authUrl, clientId: clientIdOf(service), clientSecret });
  try {
    await source.snapshot?.(HTTP_TIMEOUT_MS);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** @returns what is in the way of reading its streams, within that time; undefined: it reads them */
export async function problemOfEvents(
  { name, events }: OwnService,
  { nats, prefix }: Surroundings,
  timeoutMs: number,
): Promise<string | undefined> {
  if (events.length === 0) return undefined;
  const connection = await connect(connectionOptions({ service: name, url: nats, prefix }));
  try {
    const options = { apiPrefix: EVENTS_API, timeout: NATS_TIMEOUT_MS, checkAPI: false };
    const manager = await jetstreamManager(connection, options);
    const subjects = subjectsOf(prefix);
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      try {
        for (const stream of events) {
          await manager.consumers.info(streamName(subjects, stream), name);
        }
        return undefined;
      } catch (error) {
        if (performance.now() > deadline) return reasonOf(error);
        await sleep(POLL_MS);
      }
    }
  } finally {
    await connection.close();
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
