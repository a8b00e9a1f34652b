/** Alerts name metrics that the services export, records that are made, and a part of the documentation that is there. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSystem, type TestSystem } from '@portcullis/testbed';
import { declaredIn, metricsOf, rulesOf } from '../../deployment/alerts.ts';
import { ALERTS, textOf } from '../../deployment/files.ts';

const START_MS = 120_000;
const rules = rulesOf(textOf(ALERTS));

let system: TestSystem;
let declared: Set<string>;
beforeAll(async () => {
  system = await startSystem();
  const answers = [system.auth, system.user, system.admin].map(async ({ url }) => {
    const response = await fetch(`${url}/metrics`);
    return declaredIn(await response.text());
  });
  declared = new Set((await Promise.all(answers)).flat());
}, START_MS);
afterAll(async () => await system[Symbol.asyncDispose]());

const unknown = (expression: string): string[] =>
  metricsOf(expression).filter((name) => !declared.has(name));

test('every expression names metrics that a service exports', () => {
  const named = rules.flatMap(({ expr }) => metricsOf(expr));
  expect(new Set(named).size).toBeGreaterThan(12);
  expect(rules.flatMap(({ expr }) => unknown(expr))).toEqual([]);
});

test('a metric that does not exist is found', () => {
  expect(unknown('rate(portcullis_http_request_total[5m]) > 0')).toEqual([
    'portcullis_http_request_total',
  ]);
});

test('every record that an alert reads is made', () => {
  const made = new Set(rules.flatMap(({ record }) => record ?? []));
  const read = rules.flatMap(({ expr }) => expr.match(/\bportcullis:[\w:]+/g) ?? []);
  expect(read.filter((name) => !made.has(name))).toEqual([]);
  expect(read.length).toBeGreaterThan(0);
});

test('every alert says what it means, and where it is read what to do', () => {
  const headings = [...textOf('docs/operations.md').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
  const alerts = rules.filter(({ alert }) => alert !== undefined);
  expect(alerts.length).toBeGreaterThan(12);
  for (const { alert, annotations } of alerts) {
    expect(annotations?.summary, alert).toMatch(/\w/);
    expect(headings, alert).toContain(annotations?.runbook);
  }
});
