const TIMEOUT_MS = 15_000;

export interface Answer {
  status: number;
  milliseconds: number;
  body: unknown;
}

interface Call {
  method?: 'GET' | 'POST';
  token?: string;
  body?: unknown;
}

/** One HTTP request, as a client without our SDK makes it, and how long its answer took. */
export async function call(url: string, { method, token, body }: Call = {}): Promise<Answer> {
  const started = performance.now();
  const response = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  const milliseconds = performance.now() - started;
  return { status: response.status, milliseconds, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A member of an answer that has to be there, as text. */
export function member(body: unknown, name: string): string {
  const value: unknown =
    typeof body === 'object' && body !== null
      ? Object.entries(body).find(([key]) => key === name)?.[1]
      : undefined;
  if (typeof value === 'string') return value;
  throw new Error(`the answer has no "${name}": ${JSON.stringify(body)}`);
}
