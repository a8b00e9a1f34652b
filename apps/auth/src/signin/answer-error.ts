/** What is refused or fails, as a page. */
import type { Refusal } from '@portcullis/contracts';
import {
  noteRefusal,
  refusalOfHttp,
  type FastifyReply,
  type FastifyRequest,
} from '@portcullis/service';
import { answerPage } from './layout.ts';
import { errorPage } from './pages.ts';
import { languageOf } from './texts.ts';

/** For the log, and for the client that is to come later; what the page says of it is the caller's. */
export function noteOnPage(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): void {
  noteRefusal(request, refusal);
  if (refusal.retryAfter !== undefined) void reply.header('retry-after', refusal.retryAfter);
}

/** Outside of a form. */
export function answerError(base: '' | '../') {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const refusal = refusalOfHttp(error);
    noteOnPage(request, reply, refusal);
    const language = languageOf(request.headers['accept-language']);
    const page = errorPage(language, language.said(refusal), `${base}signin`);
    void answerPage(reply, page, { language, status: refusal.status, base });
  };
}
