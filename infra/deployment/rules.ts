/** Prometheus's rules, in what is compared with the services and the documentation. */
import { parse } from 'yaml';

export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: { readonly summary: string; readonly runbook: string };
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly Rule[];
}

export function groupsOf(text: string): RuleGroup[] {
  const { groups }: { groups: RuleGroup[] } = parse(text);
  return groups;
}

export const rulesOf = (text: string): Rule[] => groupsOf(text).flatMap(({ rules }) => rules);
