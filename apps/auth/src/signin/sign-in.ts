/** `/signin`: the form of e-mail address and password, and that of a further step; then a session, or a code. */
import { continueLoginInput, invalidRequest, loginInput, type Tokens } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import {
  refusalOfHttp,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from '@portcullis/service';
import { answerUri } from '../oauth/authorization-request.ts';
import { answerError, noteOnPage } from './answer-error.ts';
import { answeredUnlessValid, redirect } from './authorization-endpoint.ts';
import type { SignInDependencies } from './dependencies.ts';
import { answerPage, type Page } from './layout.ts';
import { signInPage, stepPage, type Shown, type Step } from './pages.ts';
import { ownForm, visitOf, type Visit } from './visit.ts';

type Form = ReadonlyMap<string, string>;

export function addSignIn(app: FastifyInstance, dependencies: SignInDependencies): void {
  const { judgeRequest, issuer, ownOrigins } = dependencies;
  const route = { errorHandler: answerError('') };
  app.get('/signin', route, async (request, reply) => {
    const visit = await visitOf(request, judgeRequest);
    if (await answeredUnlessValid(reply, visit, issuer)) return;
    await show(reply, visit, signInPage(shownOf(visit)));
  });
  app.post('/signin', route, async (request, reply) => {
    const form = ownForm(request, ownOrigins);
    const visit = await visitOf(request, judgeRequest);
    if (await answeredUnlessValid(reply, visit, issuer)) return;
    const step = stepOf(form);
    const alert = await submit(dependencies, { request, reply, visit, form, step });
    if (alert === undefined) return;
    noteOnPage(request, reply, alert);
    const shown = { ...shownOf(visit), alert: visit.language.said(alert) };
    const isStep = step !== undefined && alert.code !== 'invalid_challenge';
    const page = isStep ? stepPage(shown, step) : signInPage(shown, form.get('email') ?? '');
    await show(reply, visit, page, alert.status);
  });
}

export function shownOf({ language, query, asked }: Visit): Shown {
  return { language, query, application: asked?.clientName };
}

export async function show(
  reply: FastifyReply,
  { language, returnOrigin }: Visit,
  page: Page,
  status = 200,
): Promise<void> {
  await answerPage(reply, page, { language, status, returnOrigin });
}

interface Submitted {
  request: FastifyRequest;
  reply: FastifyReply;
  visit: Visit;
  form: Form;
  step: Step | undefined;
}

/** @returns what it was refused with; undefined: it is answered */
async function submit(
  dependencies: SignInDependencies,
  { request, reply, visit, form, step }: Submitted,
): Promise<Refusal | undefined> {
  const { service, contextOf } = dependencies;
  const context = contextOf(request, reply);
  try {
    const result =
      step === undefined
        ? await service.logIn({ request: context }, credentialsOf(form))
        : await service.continueLogIn({ request: context }, answerOf(form));
    if ('challenge' in result) {
      const { token: challenge, methods } = result.challenge;
      await show(reply, visit, stepPage(shownOf(visit), { challenge, methods }));
      return undefined;
    }
    await finish(dependencies, { request, reply, visit }, result);
    return undefined;
  } catch (error) {
    const refusal = refusalOfHttp(error);
    if (refusal.code === 'internal') throw error;
    return refusal;
  }
}

/** The session goes into cookies of this host, or, by a code, to the application that asked. */
async function finish(
  { issueCode, issuer, contextOf }: SignInDependencies,
  { request, reply, visit }: Pick<Submitted, 'request' | 'reply' | 'visit'>,
  tokens: Tokens,
): Promise<void> {
  const context = contextOf(request, reply);
  const { asked } = visit;
  if (asked === undefined) {
    context.cookies.keep(tokens);
    await redirect(reply, 'signout?signed-in');
    return;
  }
  const code = await issueCode(context, asked, tokens);
  const { redirectUri, state } = asked;
  await redirect(reply, answerUri(redirectUri, { issuer, state, code }));
}

function credentialsOf(form: Form) {
  const parsed = loginInput.safeParse({ email: form.get('email'), password: form.get('password') });
  if (!parsed.success) throw withoutDetail(invalidRequest(parsed.error));
  return parsed.data;
}

function answerOf(form: Form) {
  const parsed = continueLoginInput.safeParse({
    challenge: form.get('challenge'),
    method: form.get('method'),
    answer: form.get('answer')?.trim(),
  });
  if (!parsed.success) throw withoutDetail(invalidRequest(parsed.error));
  return parsed.data;
}

/** What is wrong with the form of a field is for programs. */
export function withoutDetail(refusal: Refusal): Refusal {
  return new Refusal('invalid_request', { cause: refusal });
}

const METHOD = /^[a-z0-9][a-z0-9-]{0,31}$/;
const MAX_METHODS = 16;

/** What the page of a further step has sent along; it is shown again, and decides nothing. */
function stepOf(form: Form): Step | undefined {
  const challenge = form.get('challenge');
  if (challenge === undefined) return undefined;
  const named = (form.get('methods') ?? '').split(' ').filter((one) => METHOD.test(one));
  const chosen = form.get('method');
  return { challenge, methods: named.slice(0, MAX_METHODS), chosen };
}
