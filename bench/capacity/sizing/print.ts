/** `npm run capacity -- size`, for people. */
import { aligned } from '../../table.ts';
import { sizingOf, type Demand } from './sizing.ts';

/** The most that any part of `npm run capacity` goes to. */
const MEASURED = { verifiers: 1_000, instances: 1, regions: 1 };

/** @returns the lines that the command prints */
export function sizeText(demand: Demand): string {
  const { rates, cores, memory, disk, messages, acrossLink, services } = sizingOf(demand);
  const rows = [
    ['a second', named(rates, short)],
    ['cores, half used', named(cores, short)],
    ['MiB, of each', named(memory, short)],
    ['disk after a year', named(disk, bytes)],
    ['messages a second', named(messages, short)],
    ['over each link', `${short(acrossLink)} messages a second`],
    ['names of services', `${services} at least`],
  ];
  return [aligned(rows), ...beyondMeasured(demand)].join('\n');
}

function named(values: Readonly<Record<string, number>>, form: (value: number) => string): string {
  const each = Object.entries(values).map(([name, value]) => `${name} ${form(value)}`);
  return each.join(', ');
}

function beyondMeasured({ verifiers, instances, regions }: Demand): string[] {
  const beyond = [
    ...(verifiers > MEASURED.verifiers ? [`${short(verifiers)} verifiers`] : []),
    ...(instances > MEASURED.instances ? [`${instances} instances of auth`] : []),
    ...(regions > MEASURED.regions ? [`${regions} regions`] : []),
  ];
  return beyond.length === 0 ? [] : [`  worked out, and not measured: ${beyond.join(', ')}`];
}

const short = (value: number): string =>
  value >= 10 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(2)));

function bytes(value: number): string {
  const [unit, size] = value >= 1e12 ? ['TB', 1e12] : value >= 1e9 ? ['GB', 1e9] : ['MB', 1e6];
  return `${Number((value / size).toPrecision(3))} ${unit}`;
}
