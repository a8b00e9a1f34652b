import { CHOSEN, OF_AUTH, perSecond, quantiles, type Dashboard, type Panel } from './dashboard.ts';

const EACH = '{{service}} {{instance}}';

const KNOWLEDGE: readonly Panel[] = [
  {
    title: 'Freshness left',
    description:
      'For how long a verifier could go on without word. At 0 it answers 503. S is 5 s by default, and the objective is never below half of it.',
    unit: 's',
    limit: { below: 2.5 },
    queries: [{ expr: `portcullis_verifier_freshness_left_seconds{${CHOSEN}}`, legend: EACH }],
  },
  {
    title: 'Verifiers by state',
    description: 'LIVE accepts tokens; SYNCING and STALE answer 503.',
    unit: 'short',
    queries: [
      {
        expr: `sum by (service, state) (portcullis_verifier_state{${CHOSEN}})`,
        legend: '{{service}} {{state}}',
      },
    ],
  },
  {
    title: 'Grants',
    description: 'What vouches for the knowledge of a verifier, every S/3.',
    unit: 'ops',
    queries: [
      {
        expr: perSecond('portcullis_verifier_grants_total', CHOSEN, 'service'),
        legend: 'got {{service}}',
      },
      {
        expr: perSecond('portcullis_verifier_grant_failures_total', CHOSEN, 'service'),
        legend: 'failed {{service}}',
      },
    ],
  },
  {
    title: 'Behind the log',
    description:
      'How many revocations a verifier has still to apply, beside the one that is furthest.',
    unit: 'short',
    queries: [
      {
        expr: `scalar(max(portcullis_verifier_position{${CHOSEN}})) - portcullis_verifier_position{${CHOSEN}}`,
        legend: EACH,
      },
    ],
  },
];

const EFFECT: readonly Panel[] = [
  {
    title: 'Commit → refused',
    description:
      "From a revocation's commit to its effect in a verifier. PortcullisRevocationSlow fires at a p99 of 1 s.",
    unit: 's',
    limit: { above: 1 },
    queries: quantiles([0.5, 0.99], {
      histogram: 'portcullis_revocation_propagation_seconds',
      where: CHOSEN,
      by: 'service',
    }),
  },
  {
    title: 'Logout → receipt',
    description:
      'Calls that end sessions, with what they wait for verifiers: at most what the caller allows.',
    unit: 's',
    queries: quantiles([0.5, 0.99], {
      histogram: 'portcullis_http_request_duration_seconds',
      where: `${OF_AUTH},route=~".*(logout|disable).*"`,
      by: 'service',
    }),
  },
  {
    title: 'Revocations committed',
    description: 'By kind and reason.',
    unit: 'ops',
    queries: [
      {
        expr: perSecond('portcullis_auth_revocations_total', OF_AUTH, 'kind, reason'),
        legend: '{{kind}} {{reason}}',
      },
    ],
  },
  {
    title: 'Revocations applied',
    description: 'Of each verifier: the same everywhere.',
    unit: 'ops',
    queries: [
      {
        expr: perSecond(
          'portcullis_verifier_revocations_applied_total',
          CHOSEN,
          'service, instance',
        ),
        legend: EACH,
      },
    ],
  },
  {
    title: 'Tokens checked',
    description: 'Accepted and refused.',
    unit: 'ops',
    queries: [
      {
        expr: perSecond('portcullis_verifier_tokens_accepted_total', CHOSEN, 'service'),
        legend: 'accepted {{service}}',
      },
      {
        expr: perSecond('portcullis_verifier_tokens_refused_total', CHOSEN, 'service'),
        legend: 'refused {{service}}',
      },
    ],
  },
  {
    title: 'Revocations kept',
    description: 'Each until the tokens that it ends have expired.',
    unit: 'short',
    queries: [{ expr: `portcullis_verifier_ledger_entries{${CHOSEN}}`, legend: EACH }],
  },
];

const KEYS: readonly Panel[] = [
  {
    title: 'Age of the key set',
    description: 'It is fetched every five minutes. PortcullisKeySetOld fires at 15.',
    unit: 's',
    limit: { above: 900 },
    queries: [{ expr: `portcullis_verifier_key_set_age_seconds{${CHOSEN}}`, legend: EACH }],
  },
  {
    title: 'Fetches of the key set that failed',
    description: 'Keys that came with grants meanwhile are in the next panel.',
    unit: 'ops',
    queries: [
      {
        expr: perSecond('portcullis_verifier_key_set_failures_total', CHOSEN, 'service, instance'),
        legend: EACH,
      },
    ],
  },
  {
    title: 'Keys vouched, and killed keys that are published',
    description:
      'What came with grants alone; and what was killed and is in the key set all the same, which is an alarm.',
    unit: 'short',
    queries: [
      { expr: `portcullis_verifier_keys_vouched{${CHOSEN}}`, legend: `vouched ${EACH}` },
      { expr: `portcullis_verifier_killed_keys_published{${CHOSEN}}`, legend: `killed ${EACH}` },
    ],
  },
  {
    title: 'Messages that cannot be read',
    description: 'On the bus, by what they were to be.',
    unit: 'ops',
    queries: [
      {
        expr: perSecond('portcullis_bus_malformed_total', CHOSEN, 'service, message'),
        legend: '{{service}} {{message}}',
      },
      {
        expr: perSecond('portcullis_verifier_malformed_total', CHOSEN, 'service'),
        legend: 'verifier of {{service}}',
      },
    ],
  },
  {
    title: 'Verifiers beyond the log, last hour',
    description: 'The log has gone back behind them: a backup was restored, or a commit was lost.',
    unit: 'short',
    queries: [
      {
        expr: `sum by (verifier) (increase(portcullis_auth_beyond_head_total{${OF_AUTH}}[1h]))`,
        legend: '{{verifier}}',
      },
    ],
  },
  {
    title: 'Subjects that NATS denies',
    description: 'Of each service; above 0 its permissions are wrong.',
    unit: 'short',
    limit: { above: 1 },
    queries: [{ expr: `portcullis_bus_subscriptions_denied{${CHOSEN}}`, legend: EACH }],
  },
];

export const REVOCATION: Dashboard = {
  name: 'revocation',
  title: 'Portcullis / Revocation',
  description: 'Whether what was ended is refused everywhere, and how soon.',
  rows: [
    { title: 'What verifiers know', panels: KNOWLEDGE },
    { title: 'How soon a revocation takes effect', panels: EFFECT },
    { title: 'Keys and the bus', panels: KEYS },
  ],
};
