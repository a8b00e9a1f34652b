/** Writes docs/asyncapi.json: `npm run asyncapi`. */
import { writeFileSync } from 'node:fs';
import { asyncApiText } from './asyncapi.ts';

writeFileSync(new URL('../../../docs/asyncapi.json', import.meta.url), asyncApiText());
