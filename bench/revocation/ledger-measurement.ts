/** What a process that measures ledgers is given, and what it reports. */
import { Worker } from '@portcullis/testbed';
import { z } from 'zod';

const contenderName = z.enum(['ledger', 'set', 'map', 'nothing']);
export type ContenderName = z.infer<typeof contenderName>;

export const ledgerSettings = z.object({
  entries: z.number(),
  contenders: z.array(contenderName),
  /** How often each is filled. */
  fillings: z.number(),
  lookUps: z.boolean(),
});
export type LedgerSettings = z.infer<typeof ledgerSettings>;

/** Of one contender. */
export const measurement = z.object({
  /** An entry, of all that is held when all have been added; garbage not counted. */
  bytes: z.number(),
  /** 0 where nothing was looked up. */
  absentNs: z.number(),
  presentNs: z.number(),
  addNs: z.number(),
  /** The longest that one addition took by the clock, in the round where that was least. */
  pauseMs: z.number(),
  /** Processor time of the longest hundred additions in a row: what no other program has a part in. */
  hundredMs: z.number(),
});
export type Measurement = z.infer<typeof measurement>;

/** In a process of its own, whose collector can be called and has nothing else to do. @returns one of each contender */
export async function measureLedgers(settings: LedgerSettings): Promise<Measurement[]> {
  await using worker = await Worker.start({
    entry: 'bench/revocation/ledger-process.ts',
    settings,
    execArgv: ['--expose-gc'],
  });
  return z
    .array(measurement)
    .length(settings.contenders.length)
    .parse(await worker.ask('measure'));
}
