import { ownedProcess, ownsCommand } from '../lifetime/register.ts';
import { ADDRESS_SETTING, type ServerName } from '../system/server-name.ts';
import { COMPOSE } from './compose.ts';

/** Who runs a server that the system uses; `ended` is one of this machine that runs no more. */
export type ServerHome = 'this machine' | 'ended' | 'docker compose' | 'given';

export function serverHome(dataFolder: string, name: ServerName): ServerHome {
  if (process.env[ADDRESS_SETTING[name]]) return 'given';
  if (ownedProcess(dataFolder, name) !== undefined) return 'this machine';
  return ownsCommand(dataFolder, COMPOSE) ? 'docker compose' : 'ended';
}
