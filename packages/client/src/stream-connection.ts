/** One connection of a subscription, from its request to its end. */
import { isRecord } from './answer-shape.ts';
import type { SentCredentials } from './bearer-fetch.ts';
import { eitherSignal } from './either-signal.ts';
import { isPortcullisError, PortcullisError } from './error.ts';
import { CALL_TIMEOUT_MS, type Fetch } from './exchange.ts';
import { noAnswerFrom } from './no-answer.ts';
import type { ServerEvent } from './sse.ts';
import { trpcErrorOf } from './trpc-error.ts';

export interface StreamRequest extends SentCredentials {
  url: string;
  /** Where an earlier connection had got to; empty where there was none. */
  lastEventId: string;
  requestId: string | undefined;
  signal: AbortSignal;
}

/**
 * Yields events for as long as there are any; the first is the server's "connected".
 *
 * @throws PortcullisError when it is refused, when it is cut, and when it just ends
 */
export async function* connectStream(
  fetch: Fetch,
  request: StreamRequest,
): AsyncGenerator<ServerEvent> {
  const late = new AbortController();
  try {
    const { body, ok, status, headers } = await ask(fetch, request, late);
    if (!ok || body === null || !isEventStream(headers)) {
      const text = body === null ? '' : await new Response(body).text();
      throw trpcErrorOf({ ok: false, status, headers, body: jsonIn(text) });
    }
    const { readEvents } = await import('./sse.ts');
    for await (const event of readEvents(body, request.lastEventId, request.signal)) {
      if (event.type === 'serialized-error') throw cutBy(event, headers);
      if (isJson(event) && jsonIn(event.data) === undefined) {
        throw new PortcullisError('protocol', { status });
      }
      yield event;
    }
  } catch (cause) {
    throw isPortcullisError(cause) ? cause : new PortcullisError('network', { cause });
  } finally {
    // It is listened to no longer.
    late.abort();
  }
  throw new PortcullisError('network');
}

async function ask(fetch: Fetch, request: StreamRequest, late: AbortController): Promise<Response> {
  const headers = new Headers({ accept: 'text/event-stream' });
  if (request.token !== undefined) headers.set('authorization', `Bearer ${request.token}`);
  if (request.lastEventId !== '') headers.set('last-event-id', request.lastEventId);
  if (request.requestId !== undefined) headers.set('x-request-id', request.requestId);
  const timer = setTimeout(() => late.abort(), CALL_TIMEOUT_MS);
  try {
    return await fetch(request.url, {
      headers,
      signal: eitherSignal(request.signal, late.signal),
      credentials: request.credentials,
      redirect: 'error',
      cache: 'no-store',
    });
  } catch (cause) {
    throw noAnswerFrom(request.url, cause);
  } finally {
    clearTimeout(timer);
  }
}

function isEventStream(headers: Headers): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') === true;
}

/** Whether it is going to be parsed. */
function isJson({ type }: ServerEvent): boolean {
  return type === 'message' || type === 'connected';
}

/** What the stream was ended with, as the routers' error formatter writes it. */
function cutBy({ data }: ServerEvent, headers: Headers): PortcullisError {
  const error = jsonIn(data);
  const detail = isRecord(error) && isRecord(error['data']) ? error['data'] : {};
  const status = typeof detail['httpStatus'] === 'number' ? detail['httpStatus'] : 500;
  return trpcErrorOf({ ok: false, status, headers, body: { error } });
}

/** @returns undefined for what is no JSON */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
