/** What a dashboard says, before it is written as Grafana's JSON. */

/** Of Grafana's own units: seconds, bytes, a share from 0 to 1, so many a second, a plain number. */
export type Unit = 's' | 'bytes' | 'percentunit' | 'reqps' | 'ops' | 'short';

export interface Query {
  /** PromQL, with Grafana's `$namespace`, `$service` and `$__rate_interval`. */
  readonly expr: string;
  /** Of Grafana: `{{label}}` is the value of that label. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  /** What it shows, and what to do about it. */
  readonly description: string;
  readonly unit: Unit;
  /** One figure for each series, as it is now, instead of a graph. */
  readonly now?: true;
  readonly queries: readonly Query[];
  /** From here on it is red; or, where less is worse, below here. */
  readonly limit?: { readonly above: number } | { readonly below: number };
}

export interface Dashboard {
  /** Of its address in Grafana, and of its file. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
}

/** What the variables of a dashboard choose. A Prometheus without Kubernetes has no namespaces: all are meant then. */
export const CHOSEN = 'namespace=~"$namespace",service=~"$service"';
/** The same for what auth alone has. */
export const OF_AUTH = 'namespace=~"$namespace"';
/** What is asked by machines, every few seconds, and says nothing of users. */
export const NO_PROBE = 'route!~"/(healthz|readyz|metrics)"';

/** Metrics of Node and its process have names that other programs' have too: only those of our own processes. */
export const ofOurs = (expr: string): string =>
  `${expr} and on (namespace, job, instance) portcullis_http_requests_in_flight{${CHOSEN}}`;

/**
 * @param by labels, with commas
 * @returns how often it happens in a second
 */
export const perSecond = (metric: string, where: string, by: string): string =>
  `sum by (${by}) (rate(${metric}{${where}}[$__rate_interval]))`;

/** @returns a query for each quantile, such as 0.99, of a histogram */
export const quantiles = (
  of: readonly number[],
  { histogram, where, by }: { histogram: string; where: string; by: string },
): Query[] =>
  of.map((quantile) => ({
    expr: `histogram_quantile(${quantile}, ${perSecond(`${histogram}_bucket`, where, `${by}, le`)})`,
    legend: `p${quantile * 100} {{${by}}}`,
  }));
