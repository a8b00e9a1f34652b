/** A container as a file of compose or a manifest of Kubernetes describes it, in what the policy looks at. */
export interface Container {
  /** The file, and its name there. */
  readonly where: string;
  /** Numbers alone: a name could be anybody's in the image, root's as well. */
  readonly user: number | undefined;
  readonly group: number | undefined;
  readonly readOnlyRoot: boolean;
  readonly droppedCapabilities: readonly string[];
  readonly addedCapabilities: readonly string[];
  readonly mayGainPrivileges: boolean;
  readonly privileged: boolean;
  /** Namespaces of the host that it shares. */
  readonly ofTheHost: readonly string[];
  readonly limits: { readonly memory: boolean; readonly others: boolean };
  /** Ports of the host that lead to it. */
  readonly hostPorts: readonly HostPort[];
  readonly isDataStore: boolean;
  /** Whether secrets stand in it as text. */
  readonly literalSecrets: readonly string[];
}

export interface HostPort {
  /** An address of the host; undefined for all of them. */
  readonly address: string | undefined;
  readonly port: string;
}
