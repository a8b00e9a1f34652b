/** What every container that is deployed has to be, in files of compose and manifests of Kubernetes alike. */
import type { Container } from './container.ts';

export interface Rule {
  readonly name: string;
  /** @returns what is wrong, or nothing */
  readonly offence: (container: Container, options: PolicyOptions) => string | undefined;
}

export interface PolicyOptions {
  /**
   * For docker-compose.yml alone, whose servers are for programs of the same host: a data store may be reached at the
   * loopback address.
   */
  readonly dataStoresOnLoopback?: boolean;
}

export const RULES: readonly Rule[] = [
  {
    name: 'non-root',
    offence: ({ user, group }) => {
      if (user === undefined || group === undefined) return 'names no user and group by numbers';
      return user === 0 || group === 0 ? 'runs as root, or in its group' : undefined;
    },
  },
  {
    name: 'read-only root',
    offence: ({ readOnlyRoot }) => (readOnlyRoot ? undefined : 'may write to its root'),
  },
  {
    name: 'no capability',
    offence: ({ droppedCapabilities, addedCapabilities }) => {
      if (!droppedCapabilities.includes('ALL')) return 'does not drop all capabilities';
      if (addedCapabilities.length === 0) return undefined;
      return `has the capability ${addedCapabilities.join(', ')}`;
    },
  },
  {
    name: 'no new privileges',
    offence: ({ mayGainPrivileges, privileged }) => {
      if (privileged) return 'is privileged';
      return mayGainPrivileges ? 'may gain privileges' : undefined;
    },
  },
  {
    name: 'limits',
    offence: ({ limits }) => {
      if (!limits.memory) return 'has no limit of memory';
      return limits.others
        ? undefined
        : 'has no limit of processes (compose) or processor (Kubernetes)';
    },
  },
  {
    name: 'apart from the host',
    offence: ({ ofTheHost }) =>
      ofTheHost.length === 0 ? undefined : `shares with the host: ${ofTheHost.join(', ')}`,
  },
  {
    name: 'no host port of a data store',
    offence: ({ isDataStore, hostPorts }, { dataStoresOnLoopback = false }) => {
      if (!isDataStore) return undefined;
      const open = hostPorts.filter(
        ({ address }) => !(dataStoresOnLoopback && address === '127.0.0.1'),
      );
      if (open.length === 0) return undefined;
      return `is a data store at port ${open.map(({ port }) => port).join(', ')} of the host`;
    },
  },
  {
    name: 'secrets by reference',
    offence: ({ literalSecrets }) =>
      literalSecrets.length === 0 ? undefined : `holds ${literalSecrets.join(', ')} as text`,
  },
];

/** @returns a line for each offence: the container, the rule, and what is wrong */
export function offencesOf(
  containers: readonly Container[],
  options: PolicyOptions = {},
): string[] {
  return containers.flatMap((container) =>
    RULES.flatMap(({ name, offence }) => {
      const found = offence(container, options);
      return found === undefined ? [] : [`${container.where}: ${name}: it ${found}`];
    }),
  );
}
