/** The services of a file of compose. What it interpolates counts as what it has as a default. */
import { parse } from 'yaml';
import type { Container, HostPort } from './container.ts';

/** By the names of their images, wherever these are from. */
const DATA_STORES = /(?:^|\/|-)(?:postgres|nats|redis|valkey)(?:[:@]|$)/;
/** Names of settings that hold a secret. */
const SECRET = /PASSWORD|SECRET|_KEY$|KEY_ENCRYPTION|^(?:DATABASE|NATS|REDIS)_URL$|SMTP_URL/;
const BY_REFERENCE = /_FILE$/;
const VARIABLE = /\$\{?[A-Z]/;

interface Service {
  image?: string;
  user?: string;
  read_only?: boolean;
  cap_drop?: string[];
  cap_add?: string[];
  security_opt?: string[];
  privileged?: boolean;
  network_mode?: string;
  pid?: string;
  ipc?: string;
  ports?: (string | { host_ip?: string; published?: string | number })[];
  environment?: Record<string, unknown> | string[];
  deploy?: { resources?: { limits?: { memory?: string; pids?: number } } };
}

/**
 * @param name of the file, for what is said
 * @param text YAML, with merges
 */
export function containersOfCompose(name: string, text: string): Container[] {
  const file: { services?: Record<string, Service> } = parse(text, { merge: true });
  return Object.entries(file.services ?? {}).map(([service, one]) => {
    const [user, group] = (one.user ?? '').split(':').map(numberOf);
    const limits = one.deploy?.resources?.limits;
    return {
      where: `${name}: ${service}`,
      user,
      group,
      readOnlyRoot: one.read_only === true,
      droppedCapabilities: one.cap_drop ?? [],
      addedCapabilities: one.cap_add ?? [],
      mayGainPrivileges: !(one.security_opt ?? []).includes('no-new-privileges:true'),
      privileged: one.privileged === true,
      ofTheHost: Object.entries({ network: one.network_mode, processes: one.pid, ipc: one.ipc })
        .filter(([, value]) => value === 'host')
        .map(([what]) => what),
      limits: { memory: limits?.memory !== undefined, others: limits?.pids !== undefined },
      hostPorts: (one.ports ?? []).map(hostPortOf),
      isDataStore: DATA_STORES.test(one.image ?? ''),
      literalSecrets: literalSecretsOf(one.environment ?? {}),
    };
  });
}

function numberOf(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** `[ADDRESS:][PORT:]PORT`, where a variable may stand for any of them. */
function hostPortOf(port: NonNullable<Service['ports']>[number]): HostPort {
  if (typeof port !== 'string') {
    return { address: port.host_ip, port: String(port.published ?? 'any') };
  }
  const parts = port.replaceAll(/\$\{[^}]*\}/g, 'variable').split(':');
  return { address: parts.length > 2 ? parts[0] : undefined, port: parts.at(-2) ?? 'any' };
}

function literalSecretsOf(environment: Record<string, unknown> | string[]): string[] {
  const pairs: [string, unknown][] = Array.isArray(environment)
    ? environment.map((one) => [one.split('=')[0] ?? '', one.split(/=(.*)/s)[1]])
    : Object.entries(environment);
  return pairs
    .filter(([name]) => SECRET.test(name) && !BY_REFERENCE.test(name))
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .filter(([, value]) => !VARIABLE.test(String(value)))
    .map(([name]) => name);
}
