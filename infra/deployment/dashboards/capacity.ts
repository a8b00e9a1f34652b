import {
  CHOSEN,
  NO_PROBE,
  OF_AUTH,
  ofOurs,
  perSecond,
  type Dashboard,
  type Panel,
} from './dashboard.ts';

const EACH = '{{service}} {{instance}}';

const WORK: readonly Panel[] = [
  {
    title: 'Requests',
    description: 'Of each instance. docs/capacity.md has what one does.',
    unit: 'reqps',
    queries: [
      {
        expr: perSecond(
          'portcullis_http_requests_total',
          `${CHOSEN},${NO_PROBE}`,
          'service, instance',
        ),
        legend: EACH,
      },
    ],
  },
  {
    title: 'Passwords that wait to be hashed',
    description:
      'The queue of admission: logins wait for a processor. The chart scales auth by it; PortcullisLoginsWait fires at 16.',
    unit: 'short',
    limit: { above: 16 },
    queries: [
      { expr: `portcullis_auth_hashes_waiting{${OF_AUTH}}`, legend: 'wait {{instance}}' },
      { expr: `portcullis_auth_hashes_running{${OF_AUTH}}`, legend: 'run {{instance}}' },
    ],
  },
  {
    title: 'Logins and refreshes',
    description: 'All outcomes, of all instances.',
    unit: 'ops',
    queries: [
      {
        expr: `sum(rate(portcullis_auth_logins_total{${OF_AUTH}}[$__rate_interval]))`,
        legend: 'logins',
      },
      {
        expr: `sum(rate(portcullis_auth_refreshes_total{${OF_AUTH}}[$__rate_interval]))`,
        legend: 'refreshes',
      },
    ],
  },
  {
    title: 'Open streams',
    description: 'Subscriptions; a process takes 5,000.',
    unit: 'short',
    limit: { above: 4_500 },
    queries: [{ expr: `portcullis_http_streams_open{${CHOSEN}}`, legend: EACH }],
  },
];

const PROCESSES: readonly Panel[] = [
  {
    title: 'Processors used',
    description: 'Of each process; JavaScript runs on one, hashes on others.',
    unit: 'short',
    queries: [{ expr: ofOurs('rate(process_cpu_seconds_total[$__rate_interval])'), legend: EACH }],
  },
  {
    title: 'Memory',
    description: 'Resident. auth takes 64 MiB more for each password that is being hashed.',
    unit: 'bytes',
    queries: [{ expr: ofOurs('process_resident_memory_bytes'), legend: EACH }],
  },
  {
    title: 'Heap',
    description: 'Used by JavaScript. What grows for days is a leak.',
    unit: 'bytes',
    queries: [{ expr: ofOurs('nodejs_heap_size_used_bytes'), legend: EACH }],
  },
  {
    title: 'Lag of the event loop, p99',
    description: 'For so long a request waits before it is looked at.',
    unit: 's',
    limit: { above: 0.1 },
    queries: [{ expr: ofOurs('nodejs_eventloop_lag_p99_seconds'), legend: EACH }],
  },
  {
    title: 'Time spent collecting garbage',
    description: 'A share of one processor.',
    unit: 'percentunit',
    queries: [
      {
        expr: ofOurs(
          'sum by (namespace, job, instance, service) (rate(nodejs_gc_duration_seconds_sum[$__rate_interval]))',
        ),
        legend: EACH,
      },
    ],
  },
  {
    title: 'Open files',
    description: 'A share of those that the process may have.',
    unit: 'percentunit',
    limit: { above: 0.8 },
    queries: [{ expr: ofOurs('process_open_fds / process_max_fds'), legend: EACH }],
  },
];

const STORED: readonly Panel[] = [
  {
    title: 'Rows of tables',
    description: 'As Postgres estimates them. docs/capacity.md has what they grow to.',
    unit: 'short',
    queries: [
      { expr: `max by (table) (portcullis_auth_table_rows{${OF_AUTH}})`, legend: '{{table}}' },
    ],
  },
  {
    title: 'Rows that are deleted',
    description:
      'Most of them by jobs, of what has expired. Nothing for hours: PortcullisJobOverdue.',
    unit: 'ops',
    queries: [
      {
        expr: `max by (table) (rate(portcullis_auth_table_deleted_rows_total{${OF_AUTH}}[$__rate_interval]))`,
        legend: '{{table}}',
      },
    ],
  },
  {
    title: 'Revocations that verifiers keep',
    description: 'Each takes some 100 bytes of memory in every verifier.',
    unit: 'short',
    queries: [
      {
        expr: `max by (service) (portcullis_verifier_ledger_entries{${CHOSEN}})`,
        legend: '{{service}}',
      },
    ],
  },
  {
    title: 'Verifiers',
    description: 'Processes that verify tokens and are scraped.',
    unit: 'short',
    queries: [
      {
        expr: `count by (service) (portcullis_verifier_position{${CHOSEN}})`,
        legend: '{{service}}',
      },
    ],
  },
  {
    title: 'Mails that wait',
    description: 'Of all instances. PortcullisMailsWait fires at 100 and more each minute.',
    unit: 'short',
    limit: { above: 100 },
    queries: [{ expr: `max(portcullis_auth_mails_waiting{${OF_AUTH}})`, legend: 'mails' }],
  },
  {
    title: 'Age of the last backup',
    description:
      'Of npm run backup -- --metrics, by node_exporter. PortcullisBackupOld fires at 26 hours.',
    unit: 's',
    limit: { above: 26 * 3_600 },
    queries: [
      {
        expr: `min by (database) (time() - portcullis_backup_last_success_seconds{${OF_AUTH}})`,
        legend: '{{database}}',
      },
    ],
  },
];

export const CAPACITY: Dashboard = {
  name: 'capacity',
  title: 'Portcullis / Capacity',
  description:
    'How much is done, by what, and what is kept: beside docs/capacity.md, which has what to expect.',
  rows: [
    { title: 'Work', panels: WORK },
    { title: 'Processes', panels: PROCESSES },
    { title: 'What is kept', panels: STORED },
  ],
};
