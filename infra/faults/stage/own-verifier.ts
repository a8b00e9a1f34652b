/** A verifier of the test's own beside the services', for as long as one fault lasts. */
import { spawnService, startTcpProxy, type ServiceOptions } from '@portcullis/testbed';
import type { Scene } from '../fault.ts';
import { untilReady, type VerifierPlace } from './stage.ts';

export async function withOwnVerifier(
  { stage, traffic, history }: Scene,
  options: Pick<ServiceOptions, 'port' | 'through'>,
  work: (verifier: VerifierPlace) => Promise<void>,
  ways?: Pick<VerifierPlace, 'nats' | 'auth'>,
): Promise<void> {
  const nats = ways?.nats ?? (await startTcpProxy(stage.nats.url));
  const auth = ways?.auth ?? (await startTcpProxy(stage.issuer));
  const service = await spawnService({
    name: 'own verifier',
    entry: 'infra/faults/stage/verifying-process.ts',
    env: {
      ISSUER: stage.issuer,
      NATS_HOST: `127.0.0.1:${nats.port}`,
      NATS_USER: stage.nats.serviceUser.user,
      NATS_PASSWORD: stage.nats.serviceUser.pass,
      PREFIX: stage.bed.prefix,
      SERVICE: 'faults',
    },
    ...options,
  });
  const verifier = { name: 'own verifier', url: `${service.url}/verify`, service, nats, auth };
  try {
    history.machine.follow(verifier.name, () => service.process.pid);
    await untilReady(service);
    const stopShowing = traffic.show(verifier);
    await work(verifier);
    await stopShowing();
  } finally {
    await service.stop();
    await nats[Symbol.asyncDispose]();
    await auth[Symbol.asyncDispose]();
  }
}
