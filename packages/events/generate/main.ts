/** Writes docs/asyncapi.json: `npm --prefix packages/events run asyncapi`. */
import { writeFileSync } from 'node:fs';
import { asyncApiText } from './asyncapi.ts';

writeFileSync(new URL('../../../docs/asyncapi.json', import.meta.url), asyncApiText());
