export type {
  Account,
  AccountChange,
  AccountDeleted,
  AccountPage,
  VerifierList,
} from './account.ts';
export { createAdminRouter, type AdminRouter, type AdminService } from './admin.ts';
export {
  createAuthRouter,
  type AccountAdministration,
  type AuthRouter,
  type AuthService,
  type SessionList,
  type Tokens,
} from './auth.ts';
export type { AnonymousCall, Call, MachineCall, RequestContext, UserCall } from './context.ts';
export {
  machineProcedure,
  permittedProcedure,
  publicProcedure,
  refusalOf,
  router,
  userProcedure,
  type PublicError,
} from './procedures.ts';
export type { ProcedureMeta, Route } from './route.ts';
export { createUserRouter, type Profile, type UserRouter, type UserService } from './user.ts';
