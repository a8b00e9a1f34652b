/** The panels of a dashboard, out of the JSON that Grafana gets. */
import { metricsOf } from './promql.ts';

export interface ReadPanel {
  readonly dashboard: string;
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly expressions: readonly string[];
}

interface GrafanaPanel {
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly fieldConfig?: { readonly defaults?: { readonly unit?: string } };
  readonly targets?: readonly { readonly expr: string }[];
}

/** @param text of the file */
export function panelsOf(text: string): ReadPanel[] {
  const { title: dashboard, panels }: { title: string; panels: readonly GrafanaPanel[] } =
    JSON.parse(text);
  return panels
    .filter(({ type }) => type !== 'row')
    .map(({ title, description = '', fieldConfig, targets = [] }) => ({
      dashboard,
      title,
      description,
      unit: fieldConfig?.defaults?.unit ?? '',
      expressions: targets.map(({ expr }) => expr),
    }));
}

/**
 * @param known metrics and records that there are
 * @returns a line for each that a panel names and that there is not
 */
export function unknownInPanels(text: string, known: ReadonlySet<string>): string[] {
  return panelsOf(text).flatMap(({ dashboard, title, expressions }) =>
    [...new Set(expressions.flatMap((one) => metricsOf(one)))]
      .filter((name) => !known.has(name))
      .map((name) => `${dashboard}, ${title}: there is no metric ${name}`),
  );
}
