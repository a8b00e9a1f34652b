/** Writes docs/asyncapi.json: `pnpm --filter @portcullis/events asyncapi`. */
import { writeFileSync } from 'node:fs';
import { asyncApiText } from './asyncapi.ts';

writeFileSync(new URL('../../../docs/asyncapi.json', import.meta.url), asyncApiText());
