// Outlives the launcher by a few seconds, so that even `kill -9` of the launcher leaves nothing.
//
// States: *listening* (the launcher lives: every line on stdin is a change to what it owns) and, once
// stdin ends, *ending* (ends everything still owned, then exits). The kernel closes the pipe however
// the launcher is killed, so no death can go unnoticed.
// Invariant: the launcher writes the line before it lets a new process run (see supervisor.ts), so
// nothing runs that the warden does not know of.
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { terminateAll } from './terminate.mjs';

/** @type {Map<string, import('./terminate.mjs').Owned>} */
const owned = new Map();

// In a session of its own it gets no Ctrl-C from the terminal; these are for a stray `kill`.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {});
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, add } = JSON.parse(line);
  if (add) owned.set(id, add);
  else owned.delete(id);
}
await terminateAll(owned.values());
const register = process.argv[2];
if (register && owned.size > 0) rmSync(register, { force: true });
