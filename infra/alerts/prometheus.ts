/** A Prometheus of this run's own, on the loopback address, and what it is asked. */
import { freePort, TestProcess } from '@portcullis/testbed';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { RuleGroup } from '../deployment/rules.ts';

const READY_TIMEOUT_MS = 30_000;
const REQUEST_TIMEOUT_MS = 10_000;

const answer = z.object({ status: z.literal('success'), data: z.unknown() });
const vector = z.object({ result: z.array(z.unknown()) });
const alertList = z.object({
  alerts: z.array(z.object({ labels: z.record(z.string(), z.string()), state: z.string() })),
});
const targetList = z.object({
  activeTargets: z.array(z.object({ scrapeUrl: z.string(), health: z.string() })),
});
const ruleList = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({ name: z.string(), health: z.string(), lastError: z.string().optional() }),
      ),
    }),
  ),
});

export interface PrometheusOptions {
  /** The folder of its programs. */
  readonly programs: string;
  /** `host:port` of each process that is scraped. */
  readonly targets: readonly string[];
  readonly groups: readonly RuleGroup[];
}

export class Prometheus implements AsyncDisposable {
  readonly #process: TestProcess;
  readonly #folder: string;
  readonly #url: string;

  private constructor(process: TestProcess, folder: string, url: string) {
    this.#process = process;
    this.#folder = folder;
    this.#url = url;
  }

  /** @throws Error with its log, when promtool refuses the rules or it is not ready within 30 seconds */
  static async start({ programs, targets, groups }: PrometheusOptions): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'portcullis-prometheus-'));
    const rules = join(folder, 'rules.yaml');
    await writeFile(rules, JSON.stringify({ groups }));
    const checked = spawnSync(join(programs, 'promtool'), ['check', 'rules', rules], {
      encoding: 'utf8',
    });
    if (checked.status !== 0) throw new Error(`promtool: ${checked.stderr}`);
    const file = join(folder, 'prometheus.yml');
    await writeFile(file, JSON.stringify(configuration(rules, targets)));
    const listen = `127.0.0.1:${await freePort()}`;
    const process = new TestProcess({
      name: 'prometheus',
      command: join(programs, 'prometheus'),
      args: [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${listen}`,
        '--log.level=warn',
      ],
      cwd: folder,
    });
    const prometheus = new Prometheus(process, folder, `http://${listen}`);
    await prometheus.#untilReady();
    return prometheus;
  }

  /** @returns how many series an expression has now */
  async countOf(expression: string): Promise<number> {
    const data = await this.#ask(`query?${new URLSearchParams({ query: expression }).toString()}`);
    return vector.parse(data).result.length;
  }

  /** @returns the names of alerts that fire now */
  async firing(): Promise<ReadonlySet<string>> {
    const { alerts } = alertList.parse(await this.#ask('alerts'));
    return new Set(
      alerts
        .filter(({ state }) => state === 'firing')
        .map(({ labels }) => labels['alertname'] ?? ''),
    );
  }

  /** @returns the targets that it does not get metrics of */
  async unscraped(): Promise<string[]> {
    const { activeTargets } = targetList.parse(await this.#ask('targets'));
    return activeTargets.filter(({ health }) => health !== 'up').map(({ scrapeUrl }) => scrapeUrl);
  }

  /** @returns the rules that it cannot evaluate, with why */
  async broken(): Promise<string[]> {
    const { groups } = ruleList.parse(await this.#ask('rules'));
    return groups
      .flatMap(({ rules }) => rules)
      .filter(({ health }) => health !== 'ok')
      .map(({ name, lastError = 'not evaluated' }) => `${name}: ${lastError}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #ask(what: string): Promise<unknown> {
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    const response = await fetch(`${this.#url}/api/v1/${what}`, { signal });
    if (!response.ok) throw new Error(`prometheus: ${response.status} ${await response.text()}`);
    return answer.parse(await response.json()).data;
  }

  async #untilReady(): Promise<void> {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (performance.now() < deadline && this.#process.running) {
      const ready = await fetch(`${this.#url}/-/ready`).catch(() => undefined);
      if (ready?.ok === true) return;
      await sleep(100);
    }
    const { log } = this.#process;
    await this[Symbol.asyncDispose]();
    throw new Error(`prometheus is not ready:\n${log}`);
  }
}

function configuration(rules: string, targets: readonly string[]): object {
  return {
    global: { scrape_interval: '2s', scrape_timeout: '2s', evaluation_interval: '1s' },
    rule_files: [rules],
    scrape_configs: [{ job_name: 'portcullis', static_configs: [{ targets }] }],
  };
}
