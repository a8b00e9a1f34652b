/** Where what is deployed stands. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../paths.ts';
import type { PolicyOptions } from './policy.ts';

/** Files of compose, from the root of the repository, and what holds for each. */
export const COMPOSE_FILES: Readonly<Record<string, PolicyOptions>> = {
  'docker-compose.yml': { dataStoresOnLoopback: true },
  'infra/compose/production.yml': {},
};

export const CHART = 'infra/helm/portcullis';
export const ALERTS = `${CHART}/files/alerts.yaml`;
export const DASHBOARDS_FOLDER = `${CHART}/files/dashboards`;
export const VALUE_SETS = ['minimal', 'production', 'everything'] as const;
export type ValueSet = (typeof VALUE_SETS)[number];
export const valuesOf = (set: ValueSet): string => `infra/helm/values/${set}.yaml`;

/** What helm makes of the chart with every switch on, so that `npm test` needs no helm. */
export const RENDERED = 'infra/helm/rendered.yaml';
export const RENDERED_OF: ValueSet = 'everything';

export const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** @returns the first line of what is rendered: of which chart and values it is */
export function renderedHead(): string {
  const templates = readdirSync(join(ROOT, CHART), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(ROOT.length + 1))
    .toSorted();
  const hash = createHash('sha256');
  for (const path of [...templates, valuesOf(RENDERED_OF)])
    hash.update(`${path}\0${textOf(path)}\0`);
  return `# Made by npm run manifests -- --write, of ${hash.digest('hex').slice(0, 32)}\n`;
}
