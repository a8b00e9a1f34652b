/**
 * What Node's parser refuses before there is a request: answered on the bare socket, in the same form
 * as everything else.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Refusal, type ErrorCode } from '@portcullis/contracts';
import type { Logger } from '../logger.ts';
import { newRequestId } from './request-id.ts';
import type { Headers } from './security-headers.ts';

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

function codeOf(error: Error & { code?: string }): ErrorCode {
  if (error.code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large';
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout';
  return 'invalid_request';
}

export function answerClientErrors(logger: Logger, headers: Headers) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const refusal = new Refusal(codeOf(error));
    const requestId = newRequestId();
    logger.debug({ request_id: requestId, code: refusal.code, reason: error.code }, 'unreadable');
    if (socket.writable) socket.write(rawAnswer(refusal, requestId, headers));
    socket.destroySoon();
  };
}

/** A whole HTTP answer as text. */
export function rawAnswer(refusal: Refusal, requestId: string, headers: Headers): string {
  const body = JSON.stringify(refusal.toBody(requestId));
  const lines = [
    `HTTP/1.1 ${refusal.status} ${REASONS[refusal.status] ?? 'Refused'}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** `Expect` with anything but `100-continue`, which Node would answer 417 without a body. */
export function refuseExpectation(headers: Headers) {
  return (_request: IncomingMessage, response: ServerResponse): void => {
    const refusal = new Refusal('invalid_request');
    const requestId = newRequestId();
    const body = JSON.stringify(refusal.toBody(requestId));
    response.writeHead(refusal.status, {
      ...headers,
      'content-length': Buffer.byteLength(body),
      'content-type': 'application/json; charset=utf-8',
      'x-request-id': requestId,
      connection: 'close',
    });
    response.end(body);
  };
}
