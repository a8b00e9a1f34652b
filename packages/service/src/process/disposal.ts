/**
 * Resources in the order of their making, given back in the reverse order. What AsyncDisposableStack
 * will be once the oldest supported Node has it.
 */
export class Disposal implements AsyncDisposable {
  #steps: (() => unknown)[] = [];
  #disposed = false;

  /** Takes ownership, and hands the resource back. */
  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    return this.adopt(resource, (owned) =>
      Symbol.asyncDispose in owned ? owned[Symbol.asyncDispose]() : owned[Symbol.dispose](),
    );
  }

  /** Takes ownership of something that is not disposable by itself. */
  adopt<T>(resource: T, dispose: (resource: T) => unknown): T {
    this.defer(() => dispose(resource));
    return resource;
  }

  defer(step: () => unknown): void {
    if (this.#disposed) throw new Error('already disposed');
    this.#steps.push(step);
  }

  /** Every step runs, even after one has failed; the failures are thrown at the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'some resources did not close');
  }
}
