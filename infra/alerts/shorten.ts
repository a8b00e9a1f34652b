/** Rules that would take hours to watch, made to take minutes. */
import type { RuleGroup } from '../deployment/rules.ts';

/** So many times shorter: half a minute becomes a second. */
export const TIMES_SHORTER = 30;

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
const DURATION = /(?<=\[|\boffset )(\d+)([smhd])/g;
const WHOLE = /^(\d+)([smhd])$/;

/**
 * Every range, offset and `for` is divided by `TIMES_SHORTER`; what is asked and compared stays as it is.
 *
 * @throws {TypeError} for a `for` that is no single duration
 */
export function shorten(groups: readonly RuleGroup[]): RuleGroup[] {
  return groups.map(({ name, rules }) => ({
    name,
    rules: rules.map((rule) => ({
      ...rule,
      expr: rule.expr.replaceAll(DURATION, shorter),
      ...(rule.for !== undefined && { for: whole(rule.for) }),
    })),
  }));
}

function whole(duration: string): string {
  if (!WHOLE.test(duration)) throw new TypeError(`no duration: ${duration}`);
  return duration.replace(WHOLE, shorter);
}

function shorter(_: string, count: string, unit: string): string {
  const seconds = unit === 's' || unit === 'm' || unit === 'h' || unit === 'd' ? SECONDS[unit] : 0;
  return `${(Number(count) * seconds * 1_000) / TIMES_SHORTER}ms`;
}
