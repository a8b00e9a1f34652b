/**
 * What Node's parser refuses before there is a request: answered on the bare socket, in the same form
 * as everything else.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Refusal, type PlainErrorCode } from '@portcullis/contracts';
import { newRequestId } from '@portcullis/verify/guard';
import type { Logger } from '../logger.ts';
import { crossOriginHeaders } from './allow-origins.ts';
import type { CookieSettings } from './exchange.ts';
import type { Headers } from './security-headers.ts';
import { senderInBytes, senderOf, type RequestsOfSockets, type Sender } from './sender.ts';
import { enveloped } from './trpc-envelope.ts';

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/** What every answer has. */
export interface EarlyAnswers {
  headers: Headers;
  cookies: CookieSettings;
}

interface ClientError extends Error {
  code?: string;
  /** The bytes that the parser stumbled over. */
  rawPacket?: unknown;
}

function codeOf(error: ClientError): PlainErrorCode {
  if (error.code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large';
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout';
  return 'invalid_request';
}

export function answerClientErrors(
  logger: Logger,
  answers: EarlyAnswers & { requests: RequestsOfSockets },
) {
  return (error: ClientError, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const refusal = new Refusal(codeOf(error));
    const requestId = newRequestId();
    logger.debug({ request_id: requestId, code: refusal.code, reason: error.code }, 'unreadable');
    const sender = answers.requests.of(socket) ?? senderIn(error);
    if (socket.writable) socket.write(rawAnswer(refusal, requestId, { ...answers, sender }));
    socket.destroySoon();
  };
}

function senderIn({ rawPacket }: ClientError): Sender {
  return senderInBytes(Buffer.isBuffer(rawPacket) ? rawPacket : Buffer.alloc(0));
}

interface EarlyAnswer {
  headers: Record<string, string>;
  body: string;
}

function earlyAnswer(
  refusal: Refusal,
  requestId: string,
  { headers, cookies, sender }: EarlyAnswers & { sender: Sender },
): EarlyAnswer {
  const body = JSON.stringify(enveloped(refusal.toBody(requestId), refusal.status, sender.url));
  return {
    headers: {
      ...headers,
      ...crossOriginHeaders(cookies, sender.origin),
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      'x-request-id': requestId,
      connection: 'close',
    },
    body,
  };
}

/** A whole HTTP answer as text. */
function rawAnswer(
  refusal: Refusal,
  requestId: string,
  answers: EarlyAnswers & { sender: Sender },
): string {
  const { headers, body } = earlyAnswer(refusal, requestId, answers);
  const lines = [
    `HTTP/1.1 ${refusal.status} ${REASONS[refusal.status] ?? 'Refused'}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** `Expect` with anything but `100-continue`, which Node would answer 417 without a body. */
export function refuseExpectation(answers: EarlyAnswers) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const refusal = new Refusal('invalid_request');
    const sender = senderOf(request);
    const { headers, body } = earlyAnswer(refusal, newRequestId(), { ...answers, sender });
    response.writeHead(refusal.status, headers);
    response.end(body);
  };
}
