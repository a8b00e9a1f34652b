/** Answers refusals as the services of Portcullis do; and, for who wants it, whatever else is thrown. */
import {
  Catch,
  HttpException,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { BaseExceptionFilter, type HttpAdapterHost } from '@nestjs/core';
import {
  answerToError,
  isUnreadable,
  Refusal,
  requestIdOf,
  type RequestLike,
} from '../guard/index.ts';

/** What the module brings: for the refusals of the guard, and of what is behind it. */
export class AnswerRefusals implements ExceptionFilter<Refusal> {
  readonly #host: HttpAdapterHost;

  constructor(host: HttpAdapterHost) {
    this.#host = host;
  }

  catch(error: Refusal, host: ArgumentsHost): void {
    // What is no HTTP has answers of its own.
    if (host.getType() !== 'http') throw error;
    const { httpAdapter } = this.#host;
    const response: unknown = host.getArgByIndex(1);
    // What has begun is ended, as Nest does with any error.
    if (httpAdapter.isHeadersSent(response)) httpAdapter.end(response);
    else answer(error, host, this.#host);
  }
}
Catch(Refusal)(AnswerRefusals);

/**
 * For `useGlobalFilters`: answers defects with 500 `internal` too, and logs them. An `HttpException` is left to Nest.
 *
 * @example
 * app.useGlobalFilters(new AnswerErrors(app.get(HttpAdapterHost)));
 */
export class AnswerErrors extends BaseExceptionFilter {
  readonly #host: HttpAdapterHost;
  readonly #logger = new Logger('Portcullis');

  constructor(host: HttpAdapterHost) {
    super(host.httpAdapter);
    this.#host = host;
  }

  override catch(error: unknown, host: ArgumentsHost): void {
    const isOfNest =
      error instanceof HttpException || isUnreadable(error) || host.getType() !== 'http';
    if (isOfNest || this.#host.httpAdapter.isHeadersSent(host.getArgByIndex(1))) {
      // oxlint-disable-next-line promise/valid-params -- it is that of no promise
      return super.catch(error, host);
    }
    if (answer(error, host, this.#host) === 500) this.#logger.error(error);
  }
}
Catch()(AnswerErrors);

/** @returns the status */
function answer(error: unknown, host: ArgumentsHost, { httpAdapter }: HttpAdapterHost): number {
  const http = host.switchToHttp();
  const response: unknown = http.getResponse();
  const request = http.getRequest<RequestLike>();
  // What the app has put into its answer already is what it calls the request.
  const id = requestIdOf(request, httpAdapter.getHeader(response, 'x-request-id'));
  const { status, headers, body } = answerToError(error, request, id);
  // In place of what a handler has said of its own answer before it threw.
  const all = { ...headers, 'content-type': 'application/json; charset=utf-8' };
  for (const [name, value] of Object.entries(all)) httpAdapter.setHeader(response, name, value);
  httpAdapter.reply(response, body, status);
  return status;
}
