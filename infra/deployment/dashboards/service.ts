import {
  CHOSEN,
  NO_PROBE,
  OF_AUTH,
  perSecond,
  quantiles,
  type Dashboard,
  type Panel,
} from './dashboard.ts';

/** Of the objective: what hashes no password, streams nothing, and is one call. */
const QUICK = `${CHOSEN},route!~"/(healthz|readyz|metrics)|.*(login|register|password|token|events|batch).*"`;
const REQUESTS = 'portcullis_http_requests_total';
const DURATION = 'portcullis_http_request_duration_seconds';

const OBJECTIVES: readonly Panel[] = [
  {
    title: 'Answered without an error of ours, last hour',
    description: 'The objective is 99.9 % of requests. Probes do not count.',
    unit: 'percentunit',
    now: true,
    limit: { below: 0.999 },
    queries: [{ expr: `1 - portcullis:errors:ratio_rate1h{${CHOSEN}}`, legend: '{{service}}' }],
  },
  {
    title: 'How fast errors that are allowed are used up',
    description:
      'Burn rate: 1 uses up in 30 days what the objective of 99.9 % allows. PortcullisErrorsFast fires at 14.4, PortcullisErrorsSlow at 6.',
    unit: 'short',
    limit: { above: 14.4 },
    queries: (['5m', '1h', '6h'] as const).map((window) => ({
      expr: `portcullis:errors:ratio_rate${window}{${CHOSEN}} / 0.001`,
      legend: `${window} {{service}}`,
    })),
  },
  {
    title: 'Answered within 250 ms',
    description: 'The objective is 95 % of the requests that hash no password and stream nothing.',
    unit: 'percentunit',
    limit: { below: 0.95 },
    queries: [
      {
        expr: `${perSecond(`${DURATION}_bucket`, `${QUICK},le="0.25"`, 'service')} / ${perSecond(`${DURATION}_count`, QUICK, 'service')}`,
        legend: '{{service}}',
      },
    ],
  },
];

const CALLS: readonly Panel[] = [
  {
    title: 'Requests',
    description: 'By the first digit of their status. Probes do not count.',
    unit: 'reqps',
    queries: [
      {
        expr: perSecond(REQUESTS, `${CHOSEN},${NO_PROBE}`, 'service, status'),
        legend: '{{service}} {{status}}',
      },
    ],
  },
  {
    title: 'Latency',
    description:
      'Of what hashes no password and streams nothing, from the last header to the last byte.',
    unit: 's',
    limit: { above: 0.25 },
    queries: quantiles([0.5, 0.95, 0.99], { histogram: DURATION, where: QUICK, by: 'service' }),
  },
  {
    title: 'The ten slowest routes',
    description:
      'p95 of each route. Logins are among them: a password takes a sixteenth of a second of a processor.',
    unit: 's',
    queries: [
      {
        expr: `topk(10, histogram_quantile(0.95, ${perSecond(`${DURATION}_bucket`, `${CHOSEN},${NO_PROBE},route!="/trpc/events"`, 'service, route, le')}))`,
        legend: '{{service}} {{route}}',
      },
    ],
  },
  {
    title: 'Requests in progress',
    description: 'What a service works on; it grows while a part that it waits for is slow.',
    unit: 'short',
    queries: [
      {
        expr: `sum by (service) (portcullis_http_requests_in_flight{${CHOSEN}})`,
        legend: '{{service}}',
      },
    ],
  },
  {
    title: 'Refusals by code',
    description:
      '`internal` is a defect of ours; `unavailable` and `verifier_stale` mean that a part is unavailable.',
    unit: 'reqps',
    queries: [
      {
        expr: perSecond('portcullis_http_refusals_total', CHOSEN, 'service, code'),
        legend: '{{service}} {{code}}',
      },
    ],
  },
  {
    title: 'Tokens that were refused, by reason',
    description: 'docs/reference.md, "Why a token was refused".',
    unit: 'reqps',
    queries: [
      {
        expr: perSecond('portcullis_http_refusal_reasons_total', CHOSEN, 'service, reason'),
        legend: '{{service}} {{reason}}',
      },
    ],
  },
];

const LOGINS: readonly Panel[] = [
  {
    title: 'Logins by outcome',
    description: '`challenged` waits for one more step, which counts by itself.',
    unit: 'ops',
    queries: [
      {
        expr: perSecond('portcullis_auth_logins_total', OF_AUTH, 'outcome'),
        legend: '{{outcome}}',
      },
    ],
  },
  {
    title: 'Refreshes by outcome',
    description: '`reused` ends a session: many of these are a theft, or a mistake of a client.',
    unit: 'ops',
    queries: [
      {
        expr: perSecond('portcullis_auth_refreshes_total', OF_AUTH, 'outcome'),
        legend: '{{outcome}}',
      },
    ],
  },
  {
    title: 'Attacks, last ten minutes',
    description: 'On the passwords of one account or of all, or on what is asked for after one.',
    unit: 'short',
    queries: [
      {
        expr: `sum by (kind) (increase(portcullis_auth_attacks_total{${OF_AUTH}}[10m]))`,
        legend: '{{kind}}',
      },
    ],
  },
  {
    title: 'Mails by outcome',
    description: '`rejected` and `failed` are dead letters.',
    unit: 'ops',
    queries: [
      {
        expr: perSecond('portcullis_auth_mails_total', OF_AUTH, 'kind, outcome'),
        legend: '{{kind}} {{outcome}}',
      },
    ],
  },
];

const PARTS: readonly Panel[] = [
  {
    title: 'Postgres answers',
    description: '1 while it answers an instance of auth within a second.',
    unit: 'short',
    now: true,
    limit: { below: 1 },
    queries: [{ expr: `portcullis_auth_postgres_up{${OF_AUTH}}`, legend: '{{instance}}' }],
  },
  {
    title: 'Redis and NATS, as auth sees them',
    description: '1 while connected. Auth goes on without either.',
    unit: 'short',
    now: true,
    limit: { below: 1 },
    queries: [
      {
        expr: `min by (dependency) (portcullis_auth_dependency_up{${OF_AUTH}})`,
        legend: '{{dependency}}',
      },
    ],
  },
  {
    title: 'Linked to NATS',
    description:
      '1 while connected, with each subscription open; below 1 revocations take up to S.',
    unit: 'short',
    now: true,
    limit: { below: 1 },
    queries: [
      { expr: `min by (service) (portcullis_bus_connected{${CHOSEN}})`, legend: '{{service}}' },
    ],
  },
  {
    title: 'Scraped',
    description: '1 for each process whose metrics Prometheus gets.',
    unit: 'short',
    now: true,
    limit: { below: 1 },
    queries: [
      {
        // One that is not scraped has no other metric any more.
        expr: `up and on (namespace, job, instance) last_over_time(portcullis_http_requests_in_flight{${CHOSEN}}[1d])`,
        legend: '{{job}} {{instance}}',
      },
    ],
  },
  {
    title: 'Limits that were counted without Redis',
    description: 'They are local then, and stricter.',
    unit: 'ops',
    queries: [
      {
        expr: perSecond('portcullis_auth_limiter_degraded_total', OF_AUTH, 'service'),
        legend: '{{service}}',
      },
    ],
  },
  {
    title: 'Since jobs were last done, in periods of each',
    description: 'PortcullisJobOverdue fires at 3. Redis away: no job is done.',
    unit: 'short',
    limit: { above: 3 },
    queries: [
      {
        expr: `max by (job, exported_job) ((time() - portcullis_auth_job_last_success_seconds{${OF_AUTH}}) / portcullis_auth_job_period_seconds{${OF_AUTH}})`,
        legend: '{{exported_job}}',
      },
    ],
  },
  {
    title: 'Events read, by outcome',
    description: '`malformed`, `unknown` and `unacknowledged` should not be.',
    unit: 'ops',
    queries: [
      {
        expr: perSecond('portcullis_events_total', CHOSEN, 'service, outcome'),
        legend: '{{service}} {{outcome}}',
      },
    ],
  },
];

export const SERVICE: Dashboard = {
  name: 'service',
  title: 'Portcullis / Service',
  description:
    'Whether users are served: objectives, calls, logins, and the parts that they rest on.',
  rows: [
    { title: 'Objectives', panels: OBJECTIVES },
    { title: 'Calls', panels: CALLS },
    { title: 'Logins and mails', panels: LOGINS },
    { title: 'Parts', panels: PARTS },
  ],
};
