export {
  createPortcullisClient,
  type ClientFor,
  type ClientSession,
  type PortcullisClient,
  type SessionClient,
} from './client.ts';
export type { ClientOptions, PortcullisClientOptions } from './client-options.ts';
export { createDpopKey, type DpopKeys } from './dpop.ts';
export {
  isPortcullisError,
  PortcullisError,
  type ClientErrorCode,
  type ErrorCode,
  type Issue,
} from './error.ts';
export {
  createMachineClient,
  type MachineClient,
  type MachineClientOptions,
  type MachineServiceOptions,
  type MachineServices,
} from './machine-client.ts';
export type { SignInOptions } from './sign-in.ts';
export type { TokenRequest } from './machine-token.ts';
export type { ChallengeAnswer, Credentials, LoginChallenge, LoginResult } from './login-result.ts';
export {
  routerType,
  type RouterType,
  type ServiceClients,
  type ServiceOptions,
  type Services,
} from './services.ts';
// What `createMachineClient` gives: a program that exports it, and writes declarations, has to name it.
export type { AuthClient } from './router-client.ts';
export type { Receipt } from './session-access.ts';
export type {
  SessionState,
  SignedInListener,
  SignedOutListener,
  SignedOutReason,
} from './session-state.ts';
export type { LinkOptions, Transformer } from './trpc-call.ts';
export type { AnyRouter } from './trpc-link.ts';
export { tabStorage, type TabStorageOptions } from './tab-storage.ts';
export { memoryStorage, type StoredTokens, type TokenStorage } from './token-storage.ts';
