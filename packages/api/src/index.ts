export type {
  Account,
  AccountChange,
  AccountDeleted,
  AccountPage,
  VerifierList,
} from './account.ts';
export type { Client } from './clients.ts';
export { createAdminRouter, type AdminRouter, type AdminService } from './admin.ts';
export { createAuthRouter, type AuthRouter } from './auth.ts';
export type { Challenged, CookieSession, SessionList, Tokens } from './session.ts';
export type { AccountAdministration, AuthService } from './auth-service.ts';
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
export { reasonOfFault } from './fault.ts';
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
