/** Why tokens did not let their requests in: a count for each reason, and a line of the log that a flood does not multiply. */
import { RefusalCounts } from '@portcullis/verify';
import { Counter, type Registry } from 'prom-client';
import type { Logger } from '../logger.ts';

/** @returns what each refusal is noted in; `close` writes the lines that are due */
export function observeRefusals(registry: Registry, logger: Logger): RefusalCounts {
  const refusals = new RefusalCounts((report) => logger.info(report, 'refused'));
  new Counter({
    name: 'portcullis_http_refusal_reasons_total',
    help: 'Calls whose token did not let them in, by the reason (docs/reference.md)',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(refusals.totals)) this.inc({ reason }, count);
    },
  });
  return refusals;
}
