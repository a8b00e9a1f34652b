/** What the auth service counts beside what every service counts. */
import type { Registry } from '@portcullis/service';
import { Counter, Gauge } from 'prom-client';
import { asked } from './database-metrics.ts';
import type { HasherGauges } from './password/password-hasher.ts';
import type { AttackKind } from './limits/attack.ts';
import type { LoginOutcome } from './login/outcome.ts';
import type { MailKind, MailOutcome } from './database/schema/mail.ts';
import type { RefreshOutcome } from './session/refresh.ts';

export interface AuthMetrics {
  login(outcome: LoginOutcome): void;
  refresh(outcome: RefreshOutcome): void;
  limiterDegraded(): void;
  attack(kind: AttackKind): void;
  revocation(kind: string, reason: string): void;
  beyondHead(service: string): void;
  mail(kind: MailKind, outcome: MailOutcome): void;
  /** How many mails wait is asked when the metrics are. */
  mailsWaiting(count: () => Promise<number>): void;
  /** What is in force of the files that are followed is asked when the metrics are. */
  files(services: FollowedSetting, access: FollowedSetting): void;
  /** When jobs were last done is asked when the metrics are. */
  jobs(jobs: JobPeriods, lastSuccesses: LastSuccesses): void;
}

interface FollowedSetting {
  readonly setting: string;
  digest(): string;
  unusable(): boolean;
}

type JobPeriods = Readonly<Record<string, { periodSeconds: number }>>;
type LastSuccesses = (names: readonly string[]) => Promise<ReadonlyMap<string, { at: number }>>;

/** What can be unavailable while this service serves on, if less well. */
export interface Dependencies {
  nats(): boolean;
  redis(): boolean;
}

export function createAuthMetrics(
  registry: Registry,
  hashing: Readonly<HasherGauges>,
  dependencies: Dependencies,
): AuthMetrics {
  const registers = [registry];
  const logins = new Counter({
    name: 'portcullis_auth_logins_total',
    help: 'Attempts to log in, by outcome; `challenged` is asked for one more step, which counts too',
    labelNames: ['outcome'],
    registers,
  });
  const refreshes = new Counter({
    name: 'portcullis_auth_refreshes_total',
    help: 'Refreshes, by outcome; `reused` ends a session',
    labelNames: ['outcome'],
    registers,
  });
  const degraded = new Counter({
    name: 'portcullis_auth_limiter_degraded_total',
    help: 'Attempts counted by this instance alone, because Redis did not answer',
    registers,
  });
  const attacks = new Counter({
    name: 'portcullis_auth_attacks_total',
    help: 'Attacks from many addresses on the passwords of one `account` or of all (`spray`); wrong answers after a right password (`challenge`)',
    labelNames: ['kind'],
    registers,
  });
  const revocations = new Counter({
    name: 'portcullis_auth_revocations_total',
    help: 'Revocations that this instance has committed',
    labelNames: ['kind', 'reason'],
    registers,
  });
  const beyond = new Counter({
    name: 'portcullis_auth_beyond_head_total',
    help: 'Grant requests from verifiers whose position is beyond the log: history was lost',
    labelNames: ['verifier'],
    registers,
  });
  gaugeHashing(registers, hashing);
  gaugeDependencies(registers, dependencies);
  const mails = new Counter({
    name: 'portcullis_auth_mails_total',
    help: 'Mails by outcome; `rejected` and `failed` are dead letters',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  return {
    mail: (kind, outcome) => mails.inc({ kind, outcome }),
    mailsWaiting(count) {
      gaugeMailsWaiting(registers, count);
    },
    files(services, access) {
      gaugeDigest(registers, 'portcullis_auth_services_info', services);
      gaugeDigest(registers, 'portcullis_auth_config_info', access);
      gaugeUnusable(registers, [services, access]);
    },
    jobs(jobs, lastSuccesses) {
      gaugeJobs(registers, jobs, lastSuccesses);
    },
    login: (outcome) => logins.inc({ outcome }),
    refresh: (outcome) => refreshes.inc({ outcome }),
    limiterDegraded: () => degraded.inc(),
    attack: (kind) => attacks.inc({ kind }),
    revocation: (kind, reason) => revocations.inc({ kind, reason }),
    beyondHead: (service) => beyond.inc({ verifier: service }),
  };
}

function gaugeHashing(registers: Registry[], hashing: Readonly<HasherGauges>): void {
  new Gauge({
    name: 'portcullis_auth_hashes_running',
    help: 'Passwords being hashed',
    registers,
    collect() {
      this.set(hashing.running);
    },
  });
  new Gauge({
    name: 'portcullis_auth_hashes_waiting',
    help: 'Passwords waiting to be hashed; beyond the bound requests are refused',
    registers,
    collect() {
      this.set(hashing.waiting);
    },
  });
}

function gaugeDependencies(registers: Registry[], dependencies: Dependencies): void {
  new Gauge({
    name: 'portcullis_auth_dependency_up',
    help: '1 while connected; this service goes on without either',
    labelNames: ['dependency'],
    registers,
    collect() {
      this.set({ dependency: 'nats' }, dependencies.nats() ? 1 : 0);
      this.set({ dependency: 'redis' }, dependencies.redis() ? 1 : 0);
    },
  });
}

function gaugeMailsWaiting(registers: Registry[], count: () => Promise<number>): void {
  new Gauge({
    name: 'portcullis_auth_mails_waiting',
    help: 'Mails without an outcome, of all instances',
    registers,
    async collect() {
      this.set((await asked(count())) ?? Number.NaN);
    },
  });
}

function gaugeDigest(registers: Registry[], name: string, file: FollowedSetting): void {
  new Gauge({
    name,
    help: `1, with the SHA-256 of ${file.setting} as it is in force`,
    labelNames: ['sha256'],
    registers,
    collect() {
      this.reset();
      this.set({ sha256: file.digest() }, 1);
    },
  });
}

function gaugeUnusable(registers: Registry[], files: readonly FollowedSetting[]): void {
  new Gauge({
    name: 'portcullis_auth_file_unusable',
    help: '1 while a file that is followed cannot be used, and what it said goes on to hold',
    labelNames: ['setting'],
    registers,
    collect() {
      for (const file of files) this.set({ setting: file.setting }, file.unusable() ? 1 : 0);
    },
  });
}

/** 0 for a job that was never done, so that it is overdue. Postgres has it, the same for all instances. */
function gaugeJobs(registers: Registry[], jobs: JobPeriods, lastSuccesses: LastSuccesses): void {
  const names = Object.keys(jobs);
  new Gauge({
    name: 'portcullis_auth_job_last_success_seconds',
    help: 'When each job was last done by any instance, in seconds since 1970',
    labelNames: ['job'],
    registers,
    async collect() {
      const found = await asked(lastSuccesses(names));
      // Left as they were while Postgres does not say: they grow old, which is what is watched.
      if (found === undefined) return;
      for (const job of names) this.set({ job }, found.get(job)?.at ?? 0);
    },
  });
  const periods = new Gauge({
    name: 'portcullis_auth_job_period_seconds',
    help: 'How often each job is done; alarm when its last success is three periods ago',
    labelNames: ['job'],
    registers,
  });
  for (const [job, { periodSeconds }] of Object.entries(jobs)) periods.set({ job }, periodSeconds);
}
