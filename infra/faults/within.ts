/** Waits for what may hang. What does is left to itself, and its later result is lost. */

/** @throws Error when it takes longer than that many milliseconds; and all that it throws itself */
export async function within<T>(milliseconds: number, work: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(new Error(`it hung: it did not end within ${(milliseconds / 1_000).toFixed(0)} s`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
