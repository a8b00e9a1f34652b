export {
  createPortcullisClient,
  type PortcullisClient,
  type PortcullisClientOptions,
} from './client.ts';
export { createDpopKey } from './dpop.ts';
export {
  isPortcullisError,
  PortcullisError,
  type ClientErrorCode,
  type ErrorCode,
  type Issue,
} from './error.ts';
export { createMachineClient, type MachineClientOptions } from './machine-client.ts';
export type { ChallengeAnswer, Credentials, LoginChallenge, LoginResult } from './login-result.ts';
export type { Receipt } from './session-access.ts';
export type { SignedOutListener, SignedOutReason } from './session.ts';
export { memoryStorage, type TokenStorage } from './token-storage.ts';
