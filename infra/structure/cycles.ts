/** What leads to what. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** @returns the groups of nodes each of which leads to all others of its group (Tarjan, 1972) */
export function cyclesOf(graph: Graph): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];
  const cycles: string[][] = [];
  const visit = (node: string): void => {
    const place = order.size;
    order.set(node, place);
    lowest.set(node, place);
    path.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!graph.has(next)) continue;
      if (!order.has(next)) visit(next);
      const reached = path.includes(next) ? lowest.get(next) : undefined;
      lowest.set(node, Math.min(lowest.get(node) ?? place, reached ?? place));
    }
    if (lowest.get(node) !== place) return;
    const group = path.splice(path.indexOf(node));
    if (group.length > 1) cycles.push(group.toSorted());
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return cycles;
}
