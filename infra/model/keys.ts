// What is checked of the keys that come with grants: `keys.pml`, which has no bounds but its three keys.
import type { Mutant } from './forms.ts';

export const KEYS = { name: 'keys in grants', model: 'keys.pml' } as const;

const { model } = KEYS;

export const KEY_MUTANTS: readonly Mutant[] = [
  {
    name: 'a vouched key vouches',
    define: 'MUTANT_CHAIN',
    model,
    breaks: ['voucher_is_fetched'],
  },
  {
    name: 'the first key from the bus',
    define: 'MUTANT_FIRST',
    model,
    breaks: ['first_is_fetched'],
  },
  {
    name: 'a kill takes nothing along',
    define: 'MUTANT_KEPT',
    model,
    breaks: ['voucher_is_fetched'],
  },
  { name: 'a killed key comes back', define: 'MUTANT_RETURNS', model, breaks: ['no_killed_key'] },
  {
    name: "a known key's name",
    define: 'MUTANT_RENAMED',
    model,
    breaks: ['name_keeps_its_key'],
  },
  { name: 'a killed key in a set', define: 'MUTANT_REVIVED', model, breaks: ['no_killed_key'] },
  {
    name: 'a set replaces nothing',
    define: 'MUTANT_OUTLIVES',
    model,
    breaks: ['voucher_is_fetched', 'name_keeps_its_key'],
  },
];

/** Each is a state; the model says that it is never reached, and has to be wrong. */
export const KEY_STATES: readonly Mutant[] = [
  { name: 'a key known by a vouch alone', define: 'REACH_VOUCHED', model, breaks: ['unreached'] },
  { name: "the thief's key, by a stolen one", define: 'REACH_THIEF', model, breaks: ['unreached'] },
];
