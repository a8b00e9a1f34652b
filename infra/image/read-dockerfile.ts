/** The instructions of a Dockerfile, as far as ours goes. */

export interface Stage {
  /** What it begins with. */
  readonly from: string;
  readonly instructions: readonly { readonly name: string; readonly rest: string }[];
}

/** @returns the stages by their names, in order */
export function readDockerfile(text: string): ReadonlyMap<string, Stage> {
  const stages = new Map<string, Stage & { instructions: { name: string; rest: string }[] }>();
  let current: string | undefined;
  const lines = text
    .replaceAll(/^\s*#.*$/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n');
  for (const line of lines.map((one) => one.trim()).filter((one) => one !== '')) {
    const [, name = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    if (name === 'FROM') {
      const [from = '', , as = ''] = rest.split(/\s+/);
      stages.set((current = as), { from, instructions: [] });
    } else {
      stages.get(current ?? '')?.instructions.push({ name, rest });
    }
  }
  return stages;
}
