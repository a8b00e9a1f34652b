/** Names, identifiers, patterns, codes and types. Nothing here needs another package, or more than a browser has. */
export {
  isOwnPermission,
  isOwnRole,
  isPermissionName,
  isRoleName,
  MAX_ACCESS_NUMBER,
  MAX_ROLES,
  MAX_SCOPE_LENGTH,
  PERMISSIONS,
  ROLES,
  type Permission,
  type Role,
} from './access.ts';
export {
  defineConfig,
  NO_ACCESS_CONFIG,
  readAccessConfig,
  type AccessConfig,
  type ConfigFault,
  type PermissionOf,
  type ReadAccessConfig,
  type RoleOf,
  type ScopeOf,
} from './access-config.ts';
export { KnownAccess, OWN_ACCESS, type AccessMapping, type AccessRules } from './access-rules.ts';
export type { AccountEvent, AccountEventType } from './account-events.ts';
export {
  FIRST_PARTY_CLIENT,
  isUserClaims,
  type AccessTokenClaims,
  type MachineClaims,
  type UserClaims,
} from './claims.ts';
export { closeCodeOf, CLOSE_CODES, FINAL_CLOSE_CODES, type CloseReason } from './close-codes.ts';
export { problemWithAddress } from './email-address.ts';
export {
  Refusal,
  type Demanded,
  type ErrorBody,
  type ErrorCode,
  type Issue,
  type PlainErrorCode,
  type RefusalOptions,
} from './errors.ts';
export {
  ACCESS_DOCUMENT_TYPE,
  KEY_VOUCH_TYPE,
  MAX_ACCESS_DOCUMENT_LENGTH,
  MAX_ACCESS_DOCUMENT_SECONDS,
  MAX_ACKNOWLEDGED,
  MAX_GRANTED_EVENTS,
  MAX_KEY_VOUCH_LENGTH,
  MAX_KEY_VOUCH_SECONDS,
  MAX_KEY_VOUCHES,
  type Acknowledgement,
  type Deregistration,
  type Grant,
  type GrantedAccess,
  type GrantReply,
  type GrantRequest,
  type Numbered,
  type StalenessPolicy,
} from './grant.ts';
export { readGrantReply, readNumbered } from './grant-form.ts';
export {
  clientIdOf,
  clientSubjectOf,
  isClientId,
  isClientSubject,
  isKeyId,
  isServiceName,
  isSessionId,
  isTokenId,
  isUserId,
  newId,
  type ClientId,
  type ClientSubject,
  type EpochId,
  type EventId,
  type Id,
  type IncarnationId,
  type KeyId,
  type LinkId,
  type MailId,
  type SessionId,
  type TokenId,
  type UserId,
} from './ids.ts';
export { isRecord } from './is-record.ts';
export { scanJson, type JsonSurvey } from './json-scan.ts';
export { isLoopbackHost, LOOPBACK_HOSTS } from './loopback.ts';
export {
  demandFunctionIfGiven,
  demandMethods,
  demandOption,
  demandPrefix,
  demandSafeAddress,
  demandText,
} from './options.ts';
export type { AccessReceipt, Receipt } from './receipt.ts';
export type { Actor, RevocationEvent, RevocationReason } from './revocation.ts';
export {
  demandRequirement,
  type ClaimsOf,
  type Requirement,
  type RolesAllow,
} from './requirement.ts';
export type { RefusalReason } from './refusal-reasons.ts';
export { readRevocationEvent } from './revocation-form.ts';
export {
  isRevocationKind,
  keyOfToken,
  keysOfToken,
  refuses,
  REVOCATION_KIND_NAMES,
  REVOCATION_KINDS,
  type KindsOfForm,
  type RevocationKind,
  type RevocationOf,
} from './revocation-kinds.ts';
export { shownText } from './shown-text.ts';
export { tokenCookieNames, type TokenCookieNames } from './token-cookies.ts';
export { trpcCodeOf, type TrpcCode } from './trpc-codes.ts';
