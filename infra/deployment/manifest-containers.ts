/** The containers of manifests of Kubernetes, whatever makes the pods. */
import { parseAllDocuments } from 'yaml';
import type { Container, HostPort } from './container.ts';

/** Names of settings that hold a secret, unless they name a file. */
const SECRET = /PASSWORD|SECRET|KEY_ENCRYPTION|^(?:DATABASE|NATS|REDIS)_URL$|SMTP_URL/;
const BY_REFERENCE = /_FILE$/;
const DATA_STORES = /(?:^|\/|-)(?:postgres|nats|redis|valkey)(?:[:@]|$)/;

interface Security {
  runAsUser?: number;
  runAsGroup?: number;
  readOnlyRootFilesystem?: boolean;
  allowPrivilegeEscalation?: boolean;
  privileged?: boolean;
  capabilities?: { drop?: string[]; add?: string[] };
}

interface PodContainer {
  name: string;
  image?: string;
  securityContext?: Security;
  resources?: { limits?: { memory?: unknown; cpu?: unknown } };
  ports?: { hostPort?: number; hostIP?: string }[];
  env?: { name: string; value?: string }[];
}

interface PodSpec {
  containers?: PodContainer[];
  initContainers?: PodContainer[];
  securityContext?: Security;
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
}

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec?: { template?: { spec?: PodSpec } } & PodSpec;
}

/**
 * @returns the documents of a file, without those that are empty
 * @throws {YAMLParseError} for what is no YAML
 */
export function manifestsOf(text: string): Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    const manifest: Manifest | null = document.toJS();
    return manifest === null ? [] : [manifest];
  });
}

/** @param name of the file, for what is said */
export function containersOfManifests(name: string, manifests: readonly Manifest[]): Container[] {
  return manifests.flatMap(({ kind, metadata, spec }) => {
    const pod = spec?.template?.spec ?? (kind === 'Pod' ? spec : undefined);
    if (pod === undefined) return [];
    const all = [...(pod.initContainers ?? []), ...(pod.containers ?? [])];
    return all.map((one) =>
      containerOf(`${name}: ${kind} ${metadata.name}: ${one.name}`, pod, one),
    );
  });
}

function containerOf(where: string, pod: PodSpec, one: PodContainer): Container {
  const security = { ...pod.securityContext, ...one.securityContext };
  const limits = one.resources?.limits;
  return {
    where,
    user: security.runAsUser,
    group: security.runAsGroup,
    readOnlyRoot: security.readOnlyRootFilesystem === true,
    droppedCapabilities: security.capabilities?.drop ?? [],
    addedCapabilities: security.capabilities?.add ?? [],
    mayGainPrivileges: security.allowPrivilegeEscalation !== false,
    privileged: security.privileged === true,
    ofTheHost: Object.entries({
      network: pod.hostNetwork,
      processes: pod.hostPID,
      ipc: pod.hostIPC,
    })
      .filter(([, shared]) => shared === true)
      .map(([what]) => what),
    limits: { memory: limits?.memory !== undefined, others: limits?.cpu !== undefined },
    hostPorts: (one.ports ?? []).flatMap(hostPortOf),
    isDataStore: DATA_STORES.test(one.image ?? ''),
    literalSecrets: (one.env ?? [])
      .filter(
        ({ name, value }) => SECRET.test(name) && !BY_REFERENCE.test(name) && value !== undefined,
      )
      .map(({ name }) => name),
  };
}

function hostPortOf(port: { hostPort?: number; hostIP?: string }): HostPort[] {
  if (port.hostPort === undefined) return [];
  return [{ address: port.hostIP, port: String(port.hostPort) }];
}
