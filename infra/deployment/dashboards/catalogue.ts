/** The dashboards, and where their JSON stands: in the chart, whose ConfigMaps Grafana's sidecar takes up. */
import { CAPACITY } from './capacity.ts';
import type { Dashboard } from './dashboard.ts';
import { grafanaJson } from './grafana.ts';
import { REVOCATION } from './revocation.ts';
import { SERVICE } from './service.ts';

export const DASHBOARDS: readonly Dashboard[] = [SERVICE, REVOCATION, CAPACITY];

/** By the file, from the folder of dashboards. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  return new Map(DASHBOARDS.map((one) => [`${one.name}.json`, grafanaJson(one)]));
}
