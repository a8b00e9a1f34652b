/** What portcullis.config.ts declares, and portcullis.config.json, which services read. */
import { isRecord, readAccessConfig, type AccessConfig } from '@portcullis/contracts';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../paths.ts';
import { StepFailure } from '../steps.ts';

export const CONFIG_SOURCE = 'portcullis.config.ts';
export const CONFIG_FILE: string = join(ROOT, 'portcullis.config.json');

/**
 * @param source its path: it is the adopter's, and of no package
 * @throws {StepFailure} that names every fault, each with its key
 */
export async function declaredAccess(
  source: string = join(ROOT, CONFIG_SOURCE),
): Promise<AccessConfig> {
  const loaded: unknown = await import(pathToFileURL(source).href);
  const { config, faults } = readAccessConfig(isRecord(loaded) ? loaded['default'] : undefined);
  if (config !== undefined) return config;
  const lines = faults.map(({ key, problem }) => `  ${key}: ${problem}`);
  throw new StepFailure([`${CONFIG_SOURCE}:`, ...lines].join('\n'), {
    fix: `mend ${CONFIG_SOURCE}, then: npm run config`,
  });
}

/** As the file is written. */
export function textOf({ number, permissions, roles, scopes }: AccessConfig): string {
  return `${JSON.stringify({ number, permissions, roles, scopes }, null, 2)}\n`;
}

/** What auth reads: another file where the shell of `npm start` names one. */
export const configFileInUse = (): string => process.env['PORTCULLIS_CONFIG_FILE'] || CONFIG_FILE;

/** What is written there; undefined where there is none, or one that no one could read. */
export function writtenAccess(file: string = CONFIG_FILE): AccessConfig | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return readAccessConfig(JSON.parse(readFileSync(file, 'utf8'))).config;
  } catch {
    return undefined;
  }
}

/** @throws {StepFailure} when services would read something else than is declared */
export async function demandWritten(): Promise<void> {
  const written = writtenAccess();
  if (written !== undefined && textOf(written) === textOf(await declaredAccess())) return;
  throw new StepFailure(`${CONFIG_FILE} is not what ${CONFIG_SOURCE} declares.`, {
    fix: 'npm run config',
  });
}
