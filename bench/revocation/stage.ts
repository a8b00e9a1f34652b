/** What the parts of this benchmark have in common: databases of their own, the servers as they are. */
import { appDatabase, createTestBed, testServers, type TestBed } from '@portcullis/testbed';

export interface Stage extends AsyncDisposable {
  readonly bed: TestBed<'auth'>;
  /** Straight to the server: the bed's own way leads through a proxy in this process. */
  readonly natsUrl: string;
  readonly redisUrl: string;
}

export async function createStage(): Promise<Stage> {
  const bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  const { natsUrl, redisUrl } = testServers();
  return { bed, natsUrl, redisUrl, [Symbol.asyncDispose]: () => bed.dispose() };
}
