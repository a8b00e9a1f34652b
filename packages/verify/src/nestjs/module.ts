/** The module that has every controller of an application protected. */
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, HttpAdapterHost, Reflector } from '@nestjs/core';
import {
  createGuard,
  type GuardOptions,
  type RequirementBy,
  type TokenCheck,
} from '../guard/index.ts';
import { held } from './decorators.ts';
import { AnswerRefusals } from './filters.ts';
import { PortcullisGuard } from './guard.ts';

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
    createGuard<V, R>(verifier, options);
    const meant = held(options);
    return {
      module: PortcullisModule,
      providers: [
        {
          provide: APP_GUARD,
          inject: [Reflector, HttpAdapterHost],
          useFactory: (reflector: Reflector, host: HttpAdapterHost) =>
            new PortcullisGuard({ verifier, options: meant }, reflector, host),
        },
        {
          provide: APP_FILTER,
          inject: [HttpAdapterHost],
          useFactory: (host: HttpAdapterHost) => new AnswerRefusals(host),
        },
      ],
    };
  }
}
Module({})(PortcullisModule);
