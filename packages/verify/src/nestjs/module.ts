/** The module that has every controller of an application protected. */
import { Module, type DynamicModule, type FactoryProvider, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, HttpAdapterHost, Reflector } from '@nestjs/core';
import {
  createGuard,
  type GuardOptions,
  type RequirementBy,
  type TokenCheck,
} from '../guard/index.ts';
import { held, type AnyGuardOptions } from './decorators.ts';
import { AnswerRefusals } from './filters.ts';
import { PortcullisGuard } from './guard.ts';

/** Under which the guard finds what it was given. */
const GIVEN = Symbol('portcullis:given');

interface Given {
  verifier: TokenCheck;
  options: AnyGuardOptions;
}

/** What `forRoot` takes. */
export interface PortcullisSettings<
  V extends TokenCheck = TokenCheck,
  R extends RequirementBy<V> | 'user' = 'user',
> {
  verifier: V;
  options?: GuardOptions<R>;
}

/** What `forRootAsync` takes: a factory as Nest has them, with what it injects, and the modules that have that. */
export interface PortcullisAsyncSettings<
  V extends TokenCheck = TokenCheck,
  R extends RequirementBy<V> | 'user' = 'user',
>
  extends
    Pick<DynamicModule, 'imports'>,
    Pick<FactoryProvider<PortcullisSettings<V, R>>, 'inject' | 'useFactory'> {}

// oxlint-disable-next-line typescript/no-extraneous-class -- what Nest calls a module is a class
export class PortcullisModule {
  /**
   * For the root module, once: protects every controller of the application.
   *
   * @param options of every method that does not say otherwise; users may call it unless `require` is given
   * @throws TypeError that names the option that cannot be meant
   * @example
   * @Module({ imports: [PortcullisModule.forRoot(verifier)], controllers: [OrdersController] })
   */
  static forRoot<V extends TokenCheck, const R extends RequirementBy<V> | 'user' = 'user'>(
    verifier: V,
    options: GuardOptions<R> = {},
  ): DynamicModule {
    return moduleWith({ provide: GIVEN, useValue: givenBy({ verifier, options }) });
  }

  /**
   * The same, of a verifier that Nest makes, or has others make. No request is served before the factory has resolved;
   * what it throws, and a TypeError as of `forRoot`, has the application not start.
   *
   * @example
   * PortcullisModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: async (config: ConfigService) => ({ verifier: await connectVerifier(config.get('portcullis')) }),
   * })
   */
  static forRootAsync<V extends TokenCheck, const R extends RequirementBy<V> | 'user' = 'user'>({
    imports = [],
    inject = [],
    useFactory,
  }: PortcullisAsyncSettings<V, R>): DynamicModule {
    const given: FactoryProvider<Given> = {
      provide: GIVEN,
      inject,
      useFactory: async (...injected) => givenBy(await useFactory(...injected)),
    };
    return { ...moduleWith(given), imports };
  }
}
Module({})(PortcullisModule);

/** @throws TypeError that names the option that cannot be meant */
function givenBy<V extends TokenCheck, R extends RequirementBy<V> | 'user'>({
  verifier,
  options = {},
}: PortcullisSettings<V, R>): Given {
  createGuard<V, R>(verifier, options);
  return { verifier, options: held(options) };
}

function moduleWith(given: Provider<Given>): DynamicModule {
  return {
    module: PortcullisModule,
    providers: [
      given,
      {
        provide: APP_GUARD,
        inject: [GIVEN, Reflector, HttpAdapterHost],
        useFactory: (own: Given, reflector: Reflector, host: HttpAdapterHost) =>
          new PortcullisGuard(own, reflector, host),
      },
      {
        provide: APP_FILTER,
        inject: [HttpAdapterHost],
        useFactory: (host: HttpAdapterHost) => new AnswerRefusals(host),
      },
    ],
  };
}
