/** The dashboards of the chart: written from their descriptions, and read by promtool. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dashboardFiles } from './dashboards/catalogue.ts';
import { DASHBOARDS_FOLDER, textOf } from './files.ts';
import { panelsOf } from './panels.ts';
import { withoutVariables } from './promql.ts';
import { ROOT } from '../paths.ts';

export function writeDashboards(): void {
  mkdirSync(join(ROOT, DASHBOARDS_FOLDER), { recursive: true });
  for (const [file, text] of dashboardFiles()) {
    writeFileSync(join(ROOT, DASHBOARDS_FOLDER, file), text);
  }
}

/**
 * Whether Prometheus can parse what each panel asks: each is given to promtool as a record.
 *
 * @param promtool the program
 * @param folder where the file for it goes
 */
export function checkDashboards(
  promtool: string,
  folder: string,
): { wrong: string[]; held: string } {
  const expressions = [...dashboardFiles().keys()].flatMap((file) =>
    panelsOf(textOf(`${DASHBOARDS_FOLDER}/${file}`)).flatMap((panel) => panel.expressions),
  );
  const rules = expressions.map((expr, index) => ({
    record: `panel:${index}`,
    expr: withoutVariables(expr, '1m'),
  }));
  const file = join(folder, 'panels.yaml');
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
  const said = spawnSync(promtool, ['check', 'rules', file], { encoding: 'utf8' });
  if (said.status !== 0) return { wrong: [String(said.error ?? said.stderr)], held: '' };
  return { wrong: [], held: `${expressions.length} expressions` };
}
