/**
 * Checks each request to a controller, by what the module, the class and the method say of its callers.
 *
 * Invariant: where nothing is said, what the module demands is demanded. Only `Public` opens a method, and only HTTP
 * is let in otherwise.
 */
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { HttpAdapterHost, Reflector } from '@nestjs/core';
import {
  createRouteGuard,
  type RequestLike,
  type RouteGuard,
  type TokenCheck,
} from '../guard/index.ts';
import { remember } from './callers.ts';
import { PROTECTION, type AnyGuardOptions, type Protection } from './decorators.ts';

export class PortcullisGuard implements CanActivate {
  readonly #verifier: TokenCheck;
  readonly #options: AnyGuardOptions;
  readonly #reflector: Reflector;
  readonly #host: HttpAdapterHost;
  /** By class and method, which are made of one another by inheritance. */
  readonly #guards = new WeakMap<object, WeakMap<object, RouteGuard>>();

  constructor(
    { verifier, options }: { verifier: TokenCheck; options: AnyGuardOptions },
    reflector: Reflector,
    host: HttpAdapterHost,
  ) {
    this.#verifier = verifier;
    this.#options = options;
    this.#reflector = reflector;
    this.#host = host;
  }

  /** @throws Refusal, which `AnswerRefusals` answers */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const said = this.#saidOf(context);
    if (said[0] === 'public') return true;
    if (context.getType() !== 'http') {
      throw new Error('only HTTP is protected here: check what opens a socket by itself');
    }
    const http = context.switchToHttp();
    const request = http.getRequest<RequestLike>();
    const checked = await this.#guardOf(context, said).admit(request);
    if (checked.refusal !== undefined) throw checked.refusal;
    remember(request, checked.caller);
    for (const [name, value] of Object.entries(checked.headers)) {
      this.#host.httpAdapter.setHeader(http.getResponse(), name, value);
    }
    return true;
  }

  /** Of the method, and behind it of the class. */
  #saidOf(context: ExecutionContext): readonly Protection[] {
    return this.#reflector
      .getAll<(Protection | undefined)[]>(PROTECTION, [context.getHandler(), context.getClass()])
      .filter((said) => said !== undefined);
  }

  #guardOf(context: ExecutionContext, said: readonly Protection[]): RouteGuard {
    const ofClass = this.#guards.get(context.getClass()) ?? new WeakMap<object, RouteGuard>();
    this.#guards.set(context.getClass(), ofClass);
    const known = ofClass.get(context.getHandler());
    if (known !== undefined) return known;
    const demanded = said.filter((each) => each !== 'public').toReversed();
    const guard = createRouteGuard(this.#verifier, merged([this.#options, ...demanded]));
    ofClass.set(context.getHandler(), guard);
    return guard;
  }
}

/** The later say more: what they leave out is what the earlier say, and so for each demand on the login. */
function merged(said: readonly AnyGuardOptions[]): AnyGuardOptions {
  const options: AnyGuardOptions = Object.assign({}, ...said);
  const logins = said.flatMap(({ login }) => (login === undefined ? [] : [login]));
  return logins.length < 2 ? options : { ...options, login: Object.assign({}, ...logins) };
}
