/** What a verifier takes that knows very many revocations: memory, pauses while it adds them, and its start. */
import { quantile } from '../distribution.ts';
import { measureColdStarts } from '../revocation/cold-start.ts';
import { measureLedgers } from '../revocation/ledger-measurement.ts';
import { aligned, show, verdict } from '../table.ts';
import type { Measurement } from './measurement.ts';
import { spread, spreadOf, type Spread } from './report.ts';

const FULL = { sizes: [1_000_000, 10_000_000], runs: 5, entries: 1_000_000, starts: 9 };
const SHORT = { sizes: [20_000], runs: 1, entries: 5_000, starts: 1 };
const TARGET = { bytes: 24, pauseMs: 5, startMs: 250 };

interface LedgerReport {
  readonly revocations: number;
  /** Of each revocation; nothing but what the ledger holds. */
  readonly bytes: Spread;
  /** The longest addition of a run, in milliseconds. */
  readonly pauseMs: Spread;
  /** Of the same loop in the same process, which adds nothing. */
  readonly emptyPauseMs: Spread;
  /** The one less the other, run by run. */
  readonly aboveEmptyMs: Spread;
}

export const VERIFIER: Measurement = {
  name: 'verifier',
  about: 'its memory and pauses with up to 10^7 revocations, and its start with 10^6',
  async run({ short, progress }) {
    const { sizes, runs, entries, starts } = short ? SHORT : FULL;
    const ledgers = new Array<LedgerReport>();
    for (const revocations of sizes) ledgers.push(await ledgerOf(revocations, runs, progress));
    progress(`verifier: starts with ${entries} revocations`);
    const measured = await measureColdStarts({ entries, starts, replays: 0 });
    const startMs = spreadOf(measured.starts.map(({ ms }) => ms));
    const snapshotMs = quantile(
      measured.starts.map((one) => one.snapshotMs),
      0.5,
    );
    const figures = { ledgers, coldStart: { revocations: entries, startMs, snapshotMs } };
    return { table: tableOf(figures), figures };
  },
};

/** Each run in a process of its own, the ledger and the empty loop in turns. */
async function ledgerOf(
  revocations: number,
  runs: number,
  progress: (line: string) => void,
): Promise<LedgerReport> {
  const pairs = [];
  for (let run = 0; run < runs; run += 1) {
    progress(`verifier: ${revocations} revocations, run ${run + 1} of ${runs}`);
    const settings = { entries: revocations, fillings: 1, lookUps: false };
    const first = run % 2 === 0;
    const measured = await measureLedgers({
      ...settings,
      contenders: first ? ['ledger', 'nothing'] : ['nothing', 'ledger'],
    });
    const [ledger, empty] = first ? measured : measured.toReversed();
    if (ledger === undefined || empty === undefined) throw new Error('not both were measured');
    pairs.push({ ledger, empty });
  }
  return {
    revocations,
    bytes: spreadOf(pairs.map(({ ledger }) => ledger.bytes)),
    pauseMs: spreadOf(pairs.map(({ ledger }) => ledger.pauseMs)),
    emptyPauseMs: spreadOf(pairs.map(({ empty }) => empty.pauseMs)),
    aboveEmptyMs: spreadOf(pairs.map(({ ledger, empty }) => ledger.pauseMs - empty.pauseMs)),
  };
}

interface Figures {
  ledgers: readonly LedgerReport[];
  coldStart: { revocations: number; startMs: Spread; snapshotMs: number };
}

function tableOf({ ledgers, coldStart }: Figures): string {
  const line = (name: string, unit: string, of: Spread, atMost: number): string[] => [
    name,
    `${spread(of)} ${unit}`,
    `≤ ${atMost} ${unit}: ${verdict(of.median <= atMost)}`,
  ];
  const rows = ledgers.flatMap(({ revocations, bytes, pauseMs, emptyPauseMs, aboveEmptyMs }) => {
    const of = revocations.toLocaleString('en');
    return [
      line(`a revocation, of ${of}`, 'B', bytes, TARGET.bytes),
      [`longest pause while ${of} are added`, `${spread(pauseMs)} ms`, ''],
      ['  the same loop, adding none', `${spread(emptyPauseMs)} ms`, ''],
      line('  the one less the other', 'ms', aboveEmptyMs, TARGET.pauseMs),
    ];
  });
  const { revocations, startMs, snapshotMs } = coldStart;
  const started = `start, ${revocations.toLocaleString('en')} in force`;
  return aligned([
    ['', 'median (least–most)', 'target'],
    ...rows,
    line(started, 'ms', startMs, TARGET.startMs),
    ['  of which for the snapshot', `${show(snapshotMs)} ms`, ''],
  ]);
}
