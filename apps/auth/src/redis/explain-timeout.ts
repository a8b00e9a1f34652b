/**
 * Why Redis does not answer by TLS. A Redis that offers none waits for the end of a command that the greeting of TLS never has:
 * all that is seen is that time runs out. So it is asked in plain text, for nothing, without the password.
 */
import { once } from 'node:events';
import { connect } from 'node:net';

/** Milliseconds. */
const ASK_TIMEOUT_MS = 1_000;

/** @param report gets the error at once, and later one that says that the server offers no TLS, where that is why */
export function explainTimeout(
  url: string,
  error: unknown,
  report: (cause: unknown) => void,
): void {
  const { protocol, hostname, port } = new URL(url);
  const isLate = error instanceof Error && 'code' in error && error.code === 'ETIMEDOUT';
  report(error);
  if (!isLate || protocol !== 'rediss:') return;
  const place = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) };
  void answersInPlainText(place).then((isPlain) => {
    if (isPlain) report(withoutTls(error));
  });
}

function withoutTls(cause: Error): Error {
  const error = new Error('the server offers no TLS', { cause });
  return Object.assign(error, { code: 'TLS_NOT_OFFERED' });
}

async function answersInPlainText(place: { host: string; port: number }): Promise<boolean> {
  const socket = connect(place);
  try {
    socket.write('PING\r\n');
    const [answer]: unknown[] = await once(socket, 'data', {
      signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
    });
    return answer instanceof Uint8Array && /^[+-]/.test(String(answer));
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
