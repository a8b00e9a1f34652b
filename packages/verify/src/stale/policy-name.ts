import { demandOption, type StalenessPolicy } from '@portcullis/contracts';

const NAMES: readonly unknown[] = ['accept', 'introspect', 'reject'] satisfies StalenessPolicy[];

/** @throws TypeError for a policy that is none */
export function demandStalenessPolicy(policy: unknown, of: string, option = 'whenStale'): void {
  demandOption(NAMES.includes(policy), of, option, `one of ${NAMES.join(', ')}`);
}
