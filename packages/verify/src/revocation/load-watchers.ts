/**
 * What holds streams and sockets to their tokens. Node 20 never tries again to load what it could not load once, for
 * want of a descriptor, say: who will need it loads it early, as the entries for sockets do.
 */
export async function loadWatchers() {
  const { Watchers } = await import('./watchers.ts');
  return Watchers;
}
