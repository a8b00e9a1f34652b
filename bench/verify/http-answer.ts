/** Reads an answer of HTTP/1.1 off what has come so far. */

export interface HttpAnswer {
  status: number;
  body: string;
}

/** @returns undefined while it is not whole. @throws Error for one that has no length */
export function readAnswer(text: string): HttpAnswer | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = text.slice(0, headEnd).toLowerCase();
  const status = Number(head.slice(9, 12));
  const rest = text.slice(headEnd + 4);
  const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
  if (length !== undefined) {
    return rest.length < Number(length) ? undefined : { status, body: rest };
  }
  if (!head.includes('\r\ntransfer-encoding: chunked')) throw new Error('an answer without length');
  const body = readChunks(rest);
  return body === undefined ? undefined : { status, body };
}

function readChunks(text: string): string | undefined {
  let body = '';
  for (let at = 0; ;) {
    const sizeEnd = text.indexOf('\r\n', at);
    if (sizeEnd < 0) return undefined;
    const size = Number.parseInt(text.slice(at, sizeEnd), 16);
    const end = sizeEnd + 2 + size;
    if (text.length < end + 2) return undefined;
    if (size === 0) return body;
    body += text.slice(sizeEnd + 2, end);
    at = end + 2;
  }
}
