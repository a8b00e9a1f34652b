import { green, red } from '../steps.ts';
import type { Verdicts } from './verdicts.ts';

/** @returns whether each fault is as expected, and no file was broken */
export function printVerdicts({ faults, broken }: Verdicts, commit: string | undefined): boolean {
  const [right, wrong, all] =
    commit === undefined
      ? ['holds', 'FAILS', 'hold']
      : ['fails there', 'DOES NOT FAIL THERE', 'fail there'];
  console.log(commit === undefined ? '' : `\n  at ${commit.slice(0, 12)}\n`);
  for (const fault of faults) {
    const said = fault.right ? green(right) : red(wrong);
    console.log(`  ${fault.id.padEnd(4)} ${said}  ${indented(fault.detail)}`);
  }
  for (const { file, why } of broken) console.log(`  ${red('broken')} ${file}: ${indented(why)}`);
  const count = faults.filter((fault) => fault.right).length;
  console.log(`\n  ${count} of ${faults.length} ${all}; ${broken.length} files were broken`);
  return count === faults.length && broken.length === 0;
}

const indented = (text: string): string => text.replaceAll('\n', '\n         ');
