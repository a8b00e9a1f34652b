import { spawnSync } from 'node:child_process';
import { ALERTS } from './files.ts';
import { ROOT } from '../paths.ts';

/**
 * Prometheus's own opinion of the rules.
 *
 * @param promtool the program
 */
export function checkAlerts(promtool: string): { wrong: string[]; held: string } {
  const said = spawnSync(promtool, ['check', 'rules', ALERTS], { cwd: ROOT, encoding: 'utf8' });
  if (said.status !== 0) return { wrong: [String(said.error ?? said.stderr)], held: '' };
  return { wrong: [], held: /\d+ rules/.exec(said.stdout)?.[0] ?? 'rules' };
}
