/** `/signup`, `/forgot` and `/signout`. */
import { invalidRequest, knownAddressInput, registerInput } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import {
  refusalOfHttp,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from '@portcullis/service';
import { answerError, noteOnPage } from './answer-error.ts';
import { answeredUnlessValid } from './authorization-endpoint.ts';
import type { SignInDependencies } from './dependencies.ts';
import { answerPage, type Page } from './layout.ts';
import {
  forgotPage,
  sentPage,
  signedOutPage,
  signOutPage,
  signUpPage,
  type Shown,
} from './pages.ts';
import { show, shownOf, withoutDetail } from './sign-in.ts';
import { languageOf } from './texts.ts';
import { ownForm, visitOf } from './visit.ts';

type Form = ReadonlyMap<string, string>;
const NOTHING: Form = new Map();

interface AccountForm {
  path: '/signup' | '/forgot';
  page(shown: Shown, form: Form): Page;
  sent: 'signUp' | 'forgot';
  /** @throws Refusal */
  work(request: FastifyRequest, reply: FastifyReply, form: Form): Promise<void>;
}

export function addAccountForms(app: FastifyInstance, dependencies: SignInDependencies): void {
  const { service, contextOf } = dependencies;
  addForm(app, dependencies, {
    path: '/signup',
    page: (shown, form) =>
      signUpPage(shown, { email: form.get('email') ?? '', name: form.get('name') ?? '' }),
    sent: 'signUp',
    work: async (request, reply, form) => {
      const name = form.get('name')?.trim() || undefined;
      const given = { email: form.get('email')?.trim(), password: form.get('password'), name };
      const parsed = registerInput.safeParse(given);
      if (!parsed.success) throw withoutDetail(invalidRequest(parsed.error));
      await service.register({ request: contextOf(request, reply) }, parsed.data);
    },
  });
  addForm(app, dependencies, {
    path: '/forgot',
    page: (shown, form) => forgotPage(shown, form.get('email') ?? ''),
    sent: 'forgot',
    work: async (request, reply, form) => {
      const parsed = knownAddressInput.safeParse({ email: form.get('email') });
      if (!parsed.success) throw withoutDetail(invalidRequest(parsed.error));
      await service.forgotPassword({ request: contextOf(request, reply) }, parsed.data);
    },
  });
  addSignOut(app, dependencies);
}

function addForm(
  app: FastifyInstance,
  { judgeRequest, issuer, ownOrigins }: SignInDependencies,
  { path, page, sent, work }: AccountForm,
): void {
  const route = { errorHandler: answerError('') };
  app.get(path, route, async (request, reply) => {
    const visit = await visitOf(request, judgeRequest);
    if (await answeredUnlessValid(reply, visit, issuer)) return;
    await show(reply, visit, page(shownOf(visit), NOTHING));
  });
  app.post(path, route, async (request, reply) => {
    const form = ownForm(request, ownOrigins);
    const visit = await visitOf(request, judgeRequest);
    if (await answeredUnlessValid(reply, visit, issuer)) return;
    try {
      await work(request, reply, form);
      await show(reply, visit, sentPage(shownOf(visit), sent));
    } catch (error) {
      const refusal = refusalOfHttp(error);
      if (refusal.code === 'internal') throw error;
      noteOnPage(request, reply, refusal);
      const shown = { ...shownOf(visit), alert: visit.language.said(refusal) };
      await show(reply, visit, page(shown, form), refusal.status);
    }
  });
}

function addSignOut(
  app: FastifyInstance,
  { service, contextOf, ownOrigins }: SignInDependencies,
): void {
  const route = { errorHandler: answerError('') };
  app.get('/signout', route, async (request, reply) => {
    const language = languageOf(request.headers['accept-language']);
    const isNew = isNewlySignedIn(request);
    await answerPage(reply, signOutPage(language, isNew), { language });
  });
  app.post('/signout', route, async (request, reply) => {
    ownForm(request, ownOrigins);
    const language = languageOf(request.headers['accept-language']);
    const context = contextOf(request, reply);
    try {
      await service.logOut({ request: context }, { wait: 0 });
    } catch (error) {
      // There was no session, or there is none any more.
      if (!(error instanceof Refusal) || error.code !== 'invalid_token') throw error;
    }
    context.cookies.clear();
    await answerPage(reply, signedOutPage(language), { language });
  });
}

function isNewlySignedIn({ raw: { url = '' } }: FastifyRequest): boolean {
  return url.endsWith('?signed-in');
}
