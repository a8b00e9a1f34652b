/** The form of each tarball: publint without a remark, and types that are found in each way that finds an ES module. */
import { run } from '@portcullis/testbed';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage } from './stage.ts';
import type { Sequence } from './steps.ts';

export function formChecks(stage: Stage): Sequence[] {
  const { folder, tarballs, tools } = stage;
  return tarballs.map(({ folder: name, file }) => [
    {
      name: `${name}, publint`,
      run: async () => {
        const unpacked = join(folder, 'unpacked', name);
        mkdirSync(unpacked, { recursive: true });
        execFileSync('tar', ['-xzf', file, '-C', unpacked, '--strip-components=1']);
        const args = ['run', unpacked, '--pack', 'false', '--strict'];
        const said = await run({ name: 'publint', command: tools.publint, args, cwd: folder });
        // Suggestions alone are no failure of it.
        if (!said.includes('All good')) throw new Error(said);
      },
    },
    {
      name: `${name}, attw`,
      run: async () => {
        // The packages are ESM only, as README says: that leaves out CommonJS and what is older than `exports`.
        const args = [file, '--profile', 'esm-only', '--no-color', '--no-emoji'];
        await run({ name: 'attw', command: tools.attw, args, cwd: folder });
      },
    },
  ]);
}
