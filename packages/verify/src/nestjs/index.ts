/** Protects applications of NestJS, on Express and on fastify. */
export { Caller, Protect, Public } from './decorators.ts';
export { AnswerErrors, AnswerRefusals } from './filters.ts';
export { PortcullisGuard } from './guard.ts';
export {
  PortcullisModule,
  type PortcullisAsyncSettings,
  type PortcullisSettings,
} from './module.ts';
