import { join } from 'node:path';
import { ROOT } from '../paths.ts';
import { StepFailure } from '../steps.ts';
import { isFree, rememberedPort } from '../system/free-port.ts';
import { SERVICES, type ServiceName } from '../service-names.ts';
import { holderOf } from '../system/port-holder.ts';

export type ServicePorts = Record<ServiceName, number>;

/** Services with a database of their own, and its name. */
export const DATABASES = { auth: 'portcullis_auth', user: 'portcullis_user' } as const;

const FIRST_PORT = 4000;

export const program = (service: ServiceName, file: string): string =>
  join(ROOT, 'apps', service, 'dist', file);

export const addressOf = (port: number): string => `http://localhost:${port}`;

/** Three ports in a row, the first of which is PORT. */
export function chosenPorts(setting = process.env['PORT']): ServicePorts {
  const first = setting ? Number(setting) : FIRST_PORT;
  if (!Number.isInteger(first) || first < 1 || first > 65_533) {
    throw new StepFailure(`PORT=${setting} is not a port.`, { fix: 'PORT=5000 npm start' });
  }
  return { auth: first, user: first + 1, admin: first + 2 };
}

/** @throws {StepFailure} naming the port that is taken and, where that can be known, by whom */
export async function requireFreePorts(ports: ServicePorts): Promise<void> {
  for (const service of SERVICES) {
    const port = ports[service];
    if (await isFree(port)) continue;
    const holder = holderOf(port);
    const by = holder === undefined ? '' : ` by ${holder}`;
    throw new StepFailure(`Port ${port}, which ${service} needs, is taken${by}.`, {
      fix: 'end that process, or choose other ports: PORT=5000 npm start',
    });
  }
}

/** The usual ports where they are free, else others: for a command that has no need of them. */
export async function freePorts(dataFolder: string): Promise<ServicePorts> {
  const usual = chosenPorts();
  const free = await Promise.all(SERVICES.map((service) => isFree(usual[service])));
  if (free.every(Boolean)) return usual;
  return {
    auth: await rememberedPort(dataFolder, 'auth'),
    user: await rememberedPort(dataFolder, 'user'),
    admin: await rememberedPort(dataFolder, 'admin'),
  };
}
