export type { Account, AccountChange, AccountDeleted, AccountPage } from './operations/accounts.ts';
export type { Client } from './operations/clients.ts';
export type { VerifierList } from './operations/verifiers.ts';
export type { Administration } from './operations/administration.ts';
export type { ChangeCall } from './operations/operation.ts';
export type { AskAuth } from './operations/procedures.ts';
export { createAdminRouter, type AdminRouter } from './admin.ts';
export { createAuthRouter, type AuthRouter } from './auth.ts';
export { continueLoginInput, loginInput } from './session.ts';
export type { Challenged, CookieSession, SessionList, Tokens } from './session.ts';
export { registerInput } from './own-account.ts';
export { knownAddressInput } from './recovery.ts';
export type { AuthService } from './auth-service.ts';
export type {
  AnonymousCall,
  Call,
  WatchedToken,
  MachineCall,
  RequestContext,
  TokenCookies,
  UserCall,
  UserStream,
} from './context.ts';
export type { FactorService } from './factors.ts';
export { reasonOfFault } from './fault.ts';
export { reasonOfPeer } from './reason-of-peer.ts';
export { liveEvent, type LiveEvent, type LiveItem } from './live-events.ts';
export {
  invalidRequest,
  machineProcedure,
  permittedProcedure,
  publicProcedure,
  refusalOf,
  router,
  userProcedure,
  watchedProcedure,
  type PublicError,
} from './procedures.ts';
export type { EmailVerified } from './recovery.ts';
export type { ProcedureMeta, Route } from './route.ts';
export { createUserRouter, type Profile, type UserRouter, type UserService } from './user.ts';
export { untilRevoked } from './until-revoked.ts';
export { dropsConnection, SERVER_STATES, type ServerState } from './sql-states.ts';
