/** Prometheus's rules, in what is compared with the services and the documentation. */
import { parse } from 'yaml';

export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly annotations?: { readonly summary: string; readonly runbook: string };
}

export function rulesOf(text: string): Rule[] {
  const { groups }: { groups: { rules: Rule[] }[] } = parse(text);
  return groups.flatMap(({ rules }) => rules);
}

/** What Prometheus makes of a histogram, besides its own name. */
const OF_HISTOGRAM = /_(?:bucket|sum|count)$/;

/** @returns the metrics that an expression names, as the services declare them */
export function metricsOf(expression: string): string[] {
  const names = expression.match(/\bportcullis_\w+/g) ?? [];
  return [...new Set(names.map((name) => name.replace(OF_HISTOGRAM, '')))];
}

/** @param answer of `/metrics`, in Prometheus's text format 0.0.4 */
export function declaredIn(answer: string): string[] {
  return [...answer.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name);
}
