/** What can be said of PromQL without a Prometheus: which metrics an expression names. promtool parses it. */

/** Made by Prometheus itself. */
export const OF_PROMETHEUS: readonly string[] = ['up', 'ALERTS'];

const STRINGS = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g;
const MATCHERS_AND_RANGES = /\{[^}]*\}|\[[^\]]*\]/g;
const LISTS_OF_LABELS = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g;
/** A word that calls no function. */
const NAMES = /(?<![\w:.])[A-Za-z_:][\w:]*(?![\w:]|\s*\()/g;
const KEYWORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan']);

/** @returns the metrics and records that an expression names, each once */
export function metricsOf(expression: string): string[] {
  const bare = [STRINGS, MATCHERS_AND_RANGES, LISTS_OF_LABELS].reduce(
    (text, pattern) => text.replaceAll(pattern, ' '),
    expression,
  );
  const names = bare.match(NAMES) ?? [];
  return [...new Set(names.filter((name) => !KEYWORDS.has(name.toLowerCase())))];
}

const SERIES_OF: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/**
 * @param answer of `/metrics`, in Prometheus's text format 0.0.4
 * @returns the names that its series have, of those without a series yet too
 */
export function declaredIn(answer: string): string[] {
  return [...answer.matchAll(/^# TYPE (\S+) (\w+)/gm)].flatMap(([, name = '', type = '']) =>
    (SERIES_OF[type] ?? ['']).map((ending) => `${name}${ending}`),
  );
}

/** Grafana's variables as they are where everything is chosen, so that Prometheus can read the expression. */
export const withoutVariables = (expression: string, interval: string): string =>
  expression
    .replaceAll('$__rate_interval', interval)
    .replaceAll(/\$(?:namespace|service)\b/g, '.*');
