/** Prometheus's node_exporter with its textfile collector alone: how the age of a backup reaches Prometheus. */
import { freePort, TestProcess } from '@portcullis/testbed';
import { join } from 'node:path';

export interface NodeExporter extends AsyncDisposable {
  /** `host:port` */
  readonly target: string;
}

/**
 * @param programs the folder of its program
 * @param folder what its collector reads
 */
export async function startNodeExporter(programs: string, folder: string): Promise<NodeExporter> {
  const target = `127.0.0.1:${await freePort()}`;
  const child = new TestProcess({
    name: 'node_exporter',
    command: join(programs, 'prometheus-node-exporter'),
    args: [
      '--collector.disable-defaults',
      '--collector.textfile',
      `--collector.textfile.directory=${folder}`,
      `--web.listen-address=${target}`,
    ],
  });
  return {
    target,
    [Symbol.asyncDispose]: async () => {
      await child.stop();
    },
  };
}
