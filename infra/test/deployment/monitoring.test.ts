/** Alerts and dashboards name metrics that the services export; each alert has its section of the runbook. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSystem, type TestSystem } from '@portcullis/testbed';
import { CAUSES } from '../../alerts/causes/catalogue.ts';
import { BACKUP_METRIC } from '../../backup/note-backup.ts';
import { dashboardFiles } from '../../deployment/dashboards/catalogue.ts';
import { ALERTS, DASHBOARDS_FOLDER, textOf } from '../../deployment/files.ts';
import { panelsOf, unknownInPanels } from '../../deployment/panels.ts';
import { declaredIn, metricsOf, OF_PROMETHEUS } from '../../deployment/promql.ts';
import { rulesOf } from '../../deployment/rules.ts';

const START_MS = 120_000;
const rules = rulesOf(textOf(ALERTS));
const alerts = rules.filter(({ alert }) => alert !== undefined);
const dashboards = [...dashboardFiles()].map(([file, made]) => {
  return { file, made, text: textOf(`${DASHBOARDS_FOLDER}/${file}`) };
});
const panels = dashboards.flatMap(({ text }) => panelsOf(text));

let system: TestSystem;
let known: Set<string>;
beforeAll(async () => {
  system = await startSystem();
  const answers = [system.auth, system.user, system.admin].map(async ({ url }) => {
    const response = await fetch(`${url}/metrics`);
    return declaredIn(await response.text());
  });
  const records = rules.flatMap(({ record }) => record ?? []);
  known = new Set([
    ...OF_PROMETHEUS,
    BACKUP_METRIC,
    ...records,
    ...(await Promise.all(answers)).flat(),
  ]);
}, START_MS);
afterAll(async () => await system[Symbol.asyncDispose]());

const unknown = (expression: string): string[] =>
  metricsOf(expression).filter((name) => !known.has(name));

test('every rule names metrics that a service exports, or records that are made', () => {
  const named = rules.flatMap(({ expr }) => metricsOf(expr));
  expect(new Set(named).size).toBeGreaterThan(15);
  expect(rules.flatMap(({ expr }) => unknown(expr))).toEqual([]);
});

test.each([
  ['rate(portcullis_http_request_total[5m]) > 0', 'portcullis_http_request_total'],
  ['portcullis:errors:ratio_rate2h > 1', 'portcullis:errors:ratio_rate2h'],
  // A histogram has no series of its own name.
  [
    'rate(portcullis_http_request_duration_seconds[5m])',
    'portcullis_http_request_duration_seconds',
  ],
])('a metric that does not exist is found: %s', (expression, name) => {
  expect(unknown(expression)).toEqual([name]);
});

test('metrics are found in all of PromQL, and nothing else is', () => {
  const expression = `histogram_quantile(0.9, sum by (le, job) (rate(one_bucket{a="two{", b=~'x'}[5m] offset 1h)))
    / on (a, b) group_left (c) max without (d) (three) unless four > bool 2e3 or -five * inf`;
  expect(metricsOf(expression)).toEqual(['one_bucket', 'three', 'four', 'five']);
});

test('every panel names metrics that there are', () => {
  expect(panels.length).toBeGreaterThan(40);
  expect(dashboards.flatMap(({ text }) => unknownInPanels(text, known))).toEqual([]);
});

test('a dashboard that names another metric fails, by the names of panel and metric', () => {
  const [{ text } = { text: '' }] = dashboards;
  const changed = text.replace('portcullis_http_refusals_total', 'portcullis_refusals_total');
  expect(unknownInPanels(changed, known)).toEqual([
    'Portcullis / Service, Refusals by code: there is no metric portcullis_refusals_total',
  ]);
});

test('every panel says what it shows, has a unit, and asks something', () => {
  for (const { dashboard, title, description, unit, expressions } of panels) {
    const panel = `${dashboard}, ${title}`;
    expect(description, panel).toMatch(/\w.*\.$/);
    expect(unit, panel).not.toBe('');
    expect(expressions.length, panel).toBeGreaterThan(0);
  }
  const titles = panels.map(({ dashboard, title }) => `${dashboard}, ${title}`);
  expect(new Set(titles).size).toBe(titles.length);
});

test.each(dashboards)('$file is of its description', ({ made, text }) => {
  expect(text, 'npm run manifests -- --write').toBe(made);
});

test('every alert says what it means, and has a section of the runbook, in the same order', () => {
  const sections = [...textOf('docs/runbook.md').matchAll(/^## (.+)$/gm)].map(([, it]) => it);
  expect(alerts.length).toBeGreaterThan(15);
  expect(sections).toEqual(alerts.map(({ alert }) => alert));
  for (const { alert, annotations } of alerts) {
    expect(annotations?.summary, alert).toMatch(/\w/);
    expect(annotations?.runbook).toBe(alert?.toLowerCase());
  }
});

test('npm run alerts has a cause for every alert, and for one alert one', () => {
  const caused = CAUSES.flatMap((cause) => cause.alerts);
  expect(new Set(caused)).toEqual(new Set(alerts.map(({ alert }) => alert)));
  expect(caused.length).toBe(alerts.length);
});
