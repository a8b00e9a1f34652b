/**
 * Configuration from the environment, parsed once at the start. Every wrong variable is named in one
 * go; no value is ever repeated, since any of them may be a secret.
 */
import { readFileSync } from 'node:fs';
import type * as z from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Largest file that a `…_FILE` variable may point at, in bytes. */
const MAX_SECRET_FILE = 64 * 1024;

/** What is wrong with the configuration, one line for each variable. Safe to print. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(['The configuration cannot be used:', ...problems.map((line) => `  ${line}`)].join('\n'));
    this.problems = problems;
  }
}

/**
 * Reads the variables that the schema names. `NAME_FILE` stands for a file that holds the value of
 * `NAME`, as secrets are mounted. An empty value counts as absent.
 *
 * @throws ConfigurationError
 */
export function readConfig<S extends z.ZodRawShape>(
  schema: z.ZodObject<S>,
  env: Environment,
): z.output<z.ZodObject<S>> {
  const problems = new Map<string, string>();
  const values: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = valueOf(name, env, problems);
    if (value !== undefined && value !== '') values[name] = value;
  }
  const parsed = schema.safeParse(values);
  if (parsed.success && problems.size === 0) return parsed.data;
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0] ?? 'configuration');
    if (problems.has(name)) continue;
    problems.set(name, name in values ? issue.message : 'is missing');
  }
  throw new ConfigurationError([...problems].map(([name, problem]) => `${name}: ${problem}`));
}

function valueOf(
  name: string,
  env: Environment,
  problems: Map<string, string>,
): string | undefined {
  const direct = env[name];
  const file = env[`${name}_FILE`];
  if (file === undefined || file === '') return direct;
  if (direct !== undefined && direct !== '') {
    problems.set(name, `is given twice, by itself and by ${name}_FILE`);
    return undefined;
  }
  try {
    const content = readFileSync(file, 'utf8');
    if (content.length > MAX_SECRET_FILE) throw new RangeError('too large');
    // Editors and `echo` end a file with a newline that is no part of the secret.
    return content.replace(/\r?\n$/, '');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
    problems.set(name, `the file that ${name}_FILE names cannot be read (${code})`);
    return undefined;
  }
}
