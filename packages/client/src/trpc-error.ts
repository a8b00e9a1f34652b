/** Reads the error of a tRPC answer: `data.portcullis`, as the routers' error formatter writes it. */
import { isRecord, textOr } from './answer-shape.ts';
import { isErrorCode, PortcullisError, type Issue } from './error.ts';
import { retryAfterOf, type Answer } from './exchange.ts';

export function trpcErrorOf(answer: Answer): PortcullisError {
  const { status, headers, body } = answer;
  const detail = publicErrorIn(body);
  const requestId = textOr(detail?.['request_id'], headers.get('x-request-id') ?? undefined);
  if (detail === undefined || !isErrorCode(detail['code'])) {
    return new PortcullisError('protocol', { status, requestId });
  }
  const seconds = detail['retry_after'];
  return new PortcullisError(detail['code'], {
    message: textOr(detail['message'], undefined),
    status,
    requestId,
    retryAfterSeconds: typeof seconds === 'number' ? seconds : retryAfterOf(headers),
    issues: issuesIn(detail['issues']),
  });
}

/** tRPC's envelope, or the plain body of an error from before the router (a body too large, say). */
function publicErrorIn(body: unknown): Record<string, unknown> | undefined {
  if (!isRecord(body)) return undefined;
  if (!isRecord(body['error'])) return body;
  // A router with a transformer writes its errors by it too; superjson has the plain form inside.
  const { data } = isRecord(body['error']['json']) ? body['error']['json'] : body['error'];
  return isRecord(data) && isRecord(data['portcullis']) ? data['portcullis'] : undefined;
}

function issuesIn(value: unknown): Issue[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) =>
    isRecord(entry) && typeof entry['path'] === 'string' && typeof entry['message'] === 'string'
      ? [{ path: entry['path'], message: entry['message'] }]
      : [],
  );
}
