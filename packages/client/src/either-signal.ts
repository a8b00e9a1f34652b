/**
 * A signal that fires with the first of these. `AbortSignal.any` of Node 20 is forgotten when the garbage collector
 * runs while it is waited for (seen on 20.20.2; not on 22.23.5).
 *
 * @param signals of which one fires soon: until then each is listened to
 */
export function eitherSignal(...signals: readonly AbortSignal[]): AbortSignal {
  const either = new AbortController();
  const stop = (): void => {
    for (const signal of signals) signal.removeEventListener('abort', stop);
    either.abort(signals.find(({ aborted }) => aborted)?.reason);
  };
  for (const signal of signals) signal.addEventListener('abort', stop);
  if (signals.some(({ aborted }) => aborted)) stop();
  return either.signal;
}
