/** What each panel of the dashboards asks has an answer, now that everything has happened once. */
import type { Prometheus } from './prometheus.ts';
import { dashboardFiles } from '../deployment/dashboards/catalogue.ts';
import { DASHBOARDS_FOLDER, textOf } from '../deployment/files.ts';
import { panelsOf } from '../deployment/panels.ts';
import { declaredIn, metricsOf, withoutVariables } from '../deployment/promql.ts';

/** More than two scrapes. */
const RATE_INTERVAL = '10s';

/**
 * Prints what has no series: of a counter that nothing was counted in yet, which a service declares all the same.
 *
 * @returns whether each other has a series
 */
export async function lookAtPanels(
  prometheus: Prometheus,
  targets: readonly string[],
): Promise<boolean> {
  const answers = targets.map(
    async (target) => await (await fetch(`http://${target}/metrics`)).text(),
  );
  const declared = new Set((await Promise.all(answers)).flatMap((answer) => declaredIn(answer)));
  const panels = [...dashboardFiles().keys()].flatMap((file) =>
    panelsOf(textOf(`${DASHBOARDS_FOLDER}/${file}`)),
  );
  let answered = 0;
  const lines: string[] = [];
  let held = true;
  for (const { dashboard, title, expressions } of panels) {
    for (const expression of expressions) {
      const asked = withoutVariables(expression, RATE_INTERVAL);
      if ((await prometheus.countOf(asked)) > 0) {
        answered += 1;
        continue;
      }
      const unseen = await unseenIn(prometheus, asked);
      // Where each metric has series, what chooses among them chooses none.
      const isEmpty = unseen.length > 0 && unseen.every((name) => declared.has(name));
      held &&= isEmpty;
      const why = isEmpty ? `nothing was counted yet: ${unseen.join(', ')}` : `NO SERIES: ${asked}`;
      lines.push(`  ${dashboard}, ${title}: ${why}`);
    }
  }
  console.log(`\n  ${panels.length} panels: ${answered} expressions have series`);
  for (const line of lines) console.log(line);
  return held;
}

/** @returns the metrics of an expression that no series has yet */
async function unseenIn(prometheus: Prometheus, expression: string): Promise<string[]> {
  const unseen: string[] = [];
  for (const name of metricsOf(expression)) {
    if ((await prometheus.countOf(name)) === 0) unseen.push(name);
  }
  return unseen;
}
