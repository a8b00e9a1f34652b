/** A database of IndexedDB with one store, opened when it is needed, and let go for another version of the page. */
export class IndexedDatabase {
  readonly #name: string;
  readonly #store: string;
  #opening: Promise<IDBDatabase> | undefined;

  constructor(name: string, store: string) {
    this.#name = name;
    this.#store = store;
  }

  /**
   * Runs one transaction, which those of other tabs wait for.
   *
   * @param work asks for all that it needs from within itself: a transaction ends when nothing is asked for
   * @returns what `done` was given, once it is stored
   * @throws DOMException of the platform
   */
  async within<T>(
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore, done: (result: T) => void) => void,
  ): Promise<T> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    const database = await this.#opening;
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(this.#store, mode);
      let result: { value: T } | undefined;
      transaction.addEventListener('complete', () => {
        if (result === undefined) reject(new Error('a transaction without a result'));
        else resolve(result.value);
      });
      transaction.addEventListener('abort', () => {
        reject(transaction.error ?? new Error('the transaction was aborted'));
      });
      work(transaction.objectStore(this.#store), (value) => {
        result = { value };
      });
    });
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    (await opening?.catch(() => undefined))?.close();
  }

  #open(): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const asked = indexedDB.open(this.#name, 1);
      asked.addEventListener('upgradeneeded', () => {
        asked.result.createObjectStore(this.#store);
      });
      asked.addEventListener('success', () => {
        const database = asked.result;
        const letGo = (): void => void this.close();
        database.addEventListener('versionchange', letGo);
        database.addEventListener('close', letGo);
        resolve(database);
      });
      asked.addEventListener('error', () => {
        reject(asked.error ?? new Error('the database was not opened'));
      });
    });
  }
}
