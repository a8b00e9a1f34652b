import { renameSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { ROOT } from './paths.ts';
import {
  CONFIG_FILE,
  CONFIG_SOURCE,
  declaredAccess,
  textOf,
  writtenAccess,
} from './services/declared-access.ts';
import { StepFailure } from './steps.ts';

/** `npm run config`: portcullis.config.json of portcullis.config.ts. */
export async function main(): Promise<number> {
  const declared = await declaredAccess();
  const text = textOf(declared);
  const before = writtenAccess();
  // Auth would refuse to start: one number is one mapping.
  if (before !== undefined && before.number >= declared.number && textOf(before) !== text) {
    throw new StepFailure(
      `${CONFIG_SOURCE} has changed, and its number is ${declared.number}: the last one was ${before.number}.`,
      { fix: `number: ${before.number + 1} in ${CONFIG_SOURCE}, then: npm run config` },
    );
  }
  const draft = `${CONFIG_FILE}.draft-${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, CONFIG_FILE);
  const { number, roles, permissions } = declared;
  console.log(
    `${relative(ROOT, CONFIG_FILE)}: number ${number}, ${Object.keys(roles).length} roles and ` +
      `${permissions.length} permissions beside those of Portcullis`,
  );
  return 0;
}
