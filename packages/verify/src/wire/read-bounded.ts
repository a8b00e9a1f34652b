/**
 * Reads the body of an answer, which may be longer than it should, and may never end.
 *
 * Node 20 and 22 forget the signal of a `fetch` once its answer has begun and the garbage collector has run
 * (seen on 20.20.2 and 22.23.5; not on 24.22.3): nothing would end the wait but undici's five minutes. So the
 * wait for the body has a listener of its own.
 *
 * @param signal that the request was made with
 * @throws Error when the body is longer than that; the rest is not read
 * @throws the reason of the signal
 */
export async function readBounded(
  response: Pick<Response, 'body'>,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const reader = response.body?.getReader();
  if (reader === undefined) return Buffer.alloc(0);
  const stop = (): void => void reader.cancel(signal.reason).catch(() => undefined);
  signal.addEventListener('abort', stop);
  try {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > maxBytes) throw new Error('the answer is too large');
      chunks.push(value);
    }
    // What was cut off by the signal ends like what is complete.
    signal.throwIfAborted();
    return Buffer.concat(chunks, length);
  } finally {
    signal.removeEventListener('abort', stop);
    void reader.cancel().catch(() => undefined);
  }
}
