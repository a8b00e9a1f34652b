/** A part stands still, is away, or is slow. */
import { until, type Cause } from './cause.ts';

/** Each way, for each chunk: a call that asks Postgres twice takes 400 ms. Milliseconds. */
const SLOW_POSTGRES_MS = 100;

export const OF_PARTS: readonly Cause[] = [
  {
    name: 'every auth stands still',
    alerts: ['PortcullisVerifierLosesFreshness'],
    async strike({ stage, signal }) {
      for (const { service } of stage.instances) service.pause();
      await until(signal);
      for (const { service } of stage.instances) service.resume();
    },
  },
  {
    name: 'auth is cut off from Postgres',
    alerts: ['PortcullisPostgresDown', 'PortcullisErrorsFast', 'PortcullisErrorsSlow'],
    async strike({ stage, signal }) {
      for (const { postgres } of stage.instances) postgres.cut();
      await until(signal);
      for (const { postgres } of stage.instances) postgres.mend();
    },
  },
  {
    name: 'a service is killed',
    alerts: ['PortcullisDown'],
    async strike({ stage: { verifiers }, signal }) {
      const [{ service } = { service: undefined }] = verifiers;
      service?.kill('SIGKILL');
      await until(signal);
      await service?.restart();
    },
  },
  {
    name: 'NATS stands still',
    alerts: ['PortcullisBusAway', 'PortcullisEventsStuck'],
    async strike({ stage: { nats }, signal }) {
      nats.pause();
      await until(signal);
      nats.resume();
    },
  },
  {
    name: 'Redis is cut off',
    alerts: ['PortcullisDependencyDown', 'PortcullisJobOverdue'],
    async strike({ stage, signal }) {
      stage.bed.proxies.redis.cut();
      await until(signal);
      stage.bed.proxies.redis.mend();
    },
  },
  {
    name: 'Postgres is far away',
    alerts: ['PortcullisSlow'],
    async strike({ stage, signal }) {
      for (const { postgres } of stage.instances) postgres.delay(SLOW_POSTGRES_MS);
      await until(signal);
      for (const { postgres } of stage.instances) postgres.delay(0);
    },
  },
];
