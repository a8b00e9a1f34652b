/** The bus of a service, from before it is connected, so that readiness can say what is missing. */
import { NotReady } from '../http/readiness.ts';
import { connectBus, type Bus, type BusOptions } from './connect.ts';

export class AwaitedBus implements AsyncDisposable {
  #bus: Bus | undefined;

  async connect(options: BusOptions): Promise<Bus> {
    this.#bus = await connectBus(options);
    return this.#bus;
  }

  /** A readiness check. */
  readonly check = (): void => {
    if (this.#bus === undefined) throw new NotReady('not connected');
    this.#bus.check();
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bus?.[Symbol.asyncDispose]();
  }
}
