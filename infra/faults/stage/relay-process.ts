/** The relays that run inside of a network namespace. */
import { z } from 'zod';
import { startRelay } from './relay.ts';

const end = z.union([z.number(), z.string()]);
const routes = z.array(z.object({ from: end, to: end }));

for (const route of routes.parse(JSON.parse(process.argv[2] ?? ''))) await startRelay(route);
