/** Grafana's JSON of a dashboard (schema version 39, Grafana 11), as its provisioning and its sidecar read it. */
import type { Dashboard, Panel } from './dashboard.ts';

/** Of Grafana's grid of 24 columns. */
const WIDTH = 8;
const HEIGHT = 8;
const COLUMNS = 24;

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

/** @returns the text of its file */
export function grafanaJson(dashboard: Dashboard): string {
  const { name, title, description } = dashboard;
  const json = {
    uid: `portcullis-${name}`,
    title,
    description,
    tags: ['portcullis'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    timezone: 'browser',
    links: [
      {
        type: 'dashboards',
        title: 'Portcullis',
        tags: ['portcullis'],
        asDropdown: true,
        keepTime: true,
        includeVars: true,
      },
    ],
    templating: { list: variables() },
    annotations: { list: [alertsThatFired()] },
    panels: laidOut(dashboard),
  };
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

function variables(): object[] {
  const ofLabel = (label: string, about: string, more: object): object => {
    const query = `label_values(portcullis_http_requests_in_flight, ${label})`;
    return {
      name: label,
      label: about,
      type: 'query',
      datasource: DATASOURCE,
      definition: query,
      query: { query, refId: label },
      refresh: 2,
      sort: 1,
      multi: true,
      includeAll: true,
      current: { selected: true, text: ['All'], value: ['$__all'] },
      ...more,
    };
  };
  return [
    {
      name: 'datasource',
      label: 'Data source',
      type: 'datasource',
      query: 'prometheus',
      refresh: 1,
    },
    // Where there are no namespaces the label is not there, and `.*` is true of that as well.
    ofLabel('namespace', 'Namespace', { allValue: '.*' }),
    ofLabel('service', 'Service', { allValue: '.*' }),
  ];
}

function alertsThatFired(): object {
  return {
    name: 'Alerts',
    datasource: DATASOURCE,
    enable: true,
    iconColor: 'red',
    expr: 'ALERTS{alertname=~"Portcullis.*",alertstate="firing"}',
    titleFormat: '{{alertname}}',
    tagKeys: 'severity',
  };
}

function laidOut({ rows }: Dashboard): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
      panels: [],
    });
    y += 1;
    for (const [index, panel] of row.panels.entries()) {
      const x = (index * WIDTH) % COLUMNS;
      const top = y + Math.floor((index * WIDTH) / COLUMNS) * HEIGHT;
      const gridPos = { x, y: top, w: WIDTH, h: HEIGHT };
      panels.push({ id: panels.length + 1, ...panelJson(panel), gridPos });
    }
    y += Math.ceil((row.panels.length * WIDTH) / COLUMNS) * HEIGHT;
  }
  return panels;
}

function panelJson({ title, description, unit, now: isNow, queries, limit }: Panel): object {
  const now = isNow === true;
  const thresholds = { mode: 'absolute', steps: stepsOf(limit) };
  return {
    type: now ? 'stat' : 'timeseries',
    title,
    description,
    datasource: DATASOURCE,
    fieldConfig: {
      defaults: {
        unit,
        ...(now ? {} : { min: 0 }),
        thresholds,
        color: { mode: now ? 'thresholds' : 'palette-classic' },
        custom: now ? {} : linesOf(limit !== undefined),
      },
      overrides: [],
    },
    options: now ? FIGURE : GRAPH,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource: DATASOURCE,
      editorMode: 'code',
      expr,
      legendFormat: legend,
      ...(now ? { instant: true } : { range: true }),
    })),
  };
}

function stepsOf(limit: Panel['limit']): object[] {
  if (limit === undefined) return [{ color: 'green', value: null }];
  return 'above' in limit
    ? [
        { color: 'green', value: null },
        { color: 'red', value: limit.above },
      ]
    : [
        { color: 'red', value: null },
        { color: 'green', value: limit.below },
      ];
}

const linesOf = (limited: boolean): object => ({
  drawStyle: 'line',
  lineWidth: 1,
  fillOpacity: 10,
  showPoints: 'never',
  spanNulls: false,
  thresholdsStyle: { mode: limited ? 'line' : 'off' },
});

const FIGURE = {
  colorMode: 'background',
  graphMode: 'none',
  textMode: 'value_and_name',
  reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
} as const;

const GRAPH = {
  legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
  tooltip: { mode: 'multi', sort: 'desc' },
} as const;
