/**
 * `GET /oauth2/authorize` (RFC 6749 section 3.1): sends the user on to the sign-in page, or back with what is wrong with the
 * request; and nowhere where the address to go back to is not known to be the application's.
 */
import type { FastifyInstance, FastifyReply } from '@portcullis/service';
import { answerUri } from '../oauth/authorization-request.ts';
import type { SignInDependencies } from './dependencies.ts';
import { answerError } from './answer-error.ts';
import { answerPage } from './layout.ts';
import { errorPage } from './pages.ts';
import { visitOf, type Visit } from './visit.ts';

export function addAuthorizationEndpoint(
  app: FastifyInstance,
  { judgeRequest, issuer }: SignInDependencies,
): void {
  const route = { errorHandler: answerError('../') };
  app.get('/oauth2/authorize', route, async (request, reply) => {
    const visit = await visitOf(request, judgeRequest);
    if (await answeredUnlessValid(reply, visit, issuer, '../')) return;
    if (visit.asked !== undefined) await redirect(reply, `../signin${visit.query}`);
    else await answerUnknown(reply, visit, '../');
  });
}

/** @returns whether the request of an application was one that is not served, and has been answered */
export async function answeredUnlessValid(
  reply: FastifyReply,
  visit: Visit,
  issuer: string,
  base: '' | '../' = '',
): Promise<boolean> {
  const { judged } = visit;
  if (judged?.kind === 'unknown') await answerUnknown(reply, visit, base);
  if (judged?.kind === 'refused') {
    const { redirectUri, state, error } = judged;
    await redirect(reply, answerUri(redirectUri, { issuer, state, error }));
  }
  return judged !== undefined && judged.kind !== 'valid';
}

async function answerUnknown(
  reply: FastifyReply,
  { language }: Visit,
  base: '' | '../',
): Promise<void> {
  const page = errorPage(language, language.texts.unknownApplication);
  await answerPage(reply, page, { language, status: 400, base });
}

/** By 303, so that no browser sends a password on with it (RFC 9700 section 4.12). */
export async function redirect(reply: FastifyReply, location: string): Promise<void> {
  await reply.code(303).header('location', location).send();
}
