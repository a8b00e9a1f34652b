export { isRole, permission, role, rolesAllow, type Permission, type Role } from './access.ts';
export { accountEvent, type AccountEvent, type AccountEventType } from './account-events.ts';
export {
  connectionOptions,
  type BusConnectionOptions,
  type ConnectingService,
} from './bus-connection.ts';
export {
  busPermissions,
  DURABLES,
  EVENT_STREAMS,
  EVENTS_API,
  inboxPrefix,
  isInbox,
  streamName,
  type BusPermissions,
  type BusRole,
  type Crossing,
  type Durable,
  type EventStream,
} from './bus-permissions.ts';
export {
  accessTokenClaims,
  FIRST_PARTY_CLIENT,
  isUserClaims,
  machineClaims,
  userClaims,
  type AccessTokenClaims,
  type MachineClaims,
  type UserClaims,
} from './claims.ts';
export { closeCodeOf, CLOSE_CODES, FINAL_CLOSE_CODES, type CloseReason } from './close-codes.ts';
export { emailAddress, problemWithAddress } from './email-address.ts';
export {
  errorBody,
  errorCode,
  Refusal,
  type ErrorBody,
  type ErrorCode,
  type Issue,
  type RefusalOptions,
} from './errors.ts';
export {
  acknowledgement,
  farewell,
  grantReply,
  grantRequest,
  KEY_VOUCH_TYPE,
  MAX_ACKNOWLEDGED,
  MAX_GRANTED_EVENTS,
  MAX_KEY_VOUCH_LENGTH,
  MAX_KEY_VOUCH_SECONDS,
  MAX_KEY_VOUCHES,
  numbered,
  type Acknowledgement,
  type Farewell,
  type Grant,
  type GrantReply,
  type GrantRequest,
  type Numbered,
  type StalenessPolicy,
} from './grant.ts';
export {
  clientId,
  epochId,
  eventId,
  incarnationId,
  isClientId,
  isSessionId,
  isTokenId,
  isUserId,
  keyId,
  linkId,
  mailId,
  newId,
  serviceName,
  sessionId,
  tokenId,
  userId,
  type ClientId,
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
export { decodeId, encodeId, lastWordOf } from './id-words.ts';
export { isRecord } from './is-record.ts';
export { isLoopbackHost, LOOPBACK_HOSTS } from './loopback.ts';
export {
  demandFunctionIfGiven,
  demandMethods,
  demandOption,
  demandPrefix,
  demandSafeAddress,
  demandText,
} from './options.ts';
export { receipt, receiptWait, type Receipt } from './receipt.ts';
export {
  actor,
  issuerTime,
  revocationEvent,
  revocationReason,
  type Actor,
  type RevocationEvent,
  type RevocationKind,
  type RevocationReason,
} from './revocation.ts';
export { audienceName, shownName, shownText } from './shown-text.ts';
export {
  expiryOf,
  FOR_EVER,
  ID_KINDS,
  momentOf,
  type IdKind,
  type RevocationEntry,
  type SnapshotPlace,
} from './snapshot.ts';
export {
  readLastWord,
  readRecord,
  readSnapshot,
  SnapshotError,
  type IdBlock,
  type NamedBlock,
  type Snapshot,
  type SnapshotBlock,
} from './snapshot-reader.ts';
export { encodePart, joinParts, type SnapshotPart } from './snapshot-parts.ts';
export { encodeSnapshot, SnapshotWriter } from './snapshot-writer.ts';
export { subjectsOf, type Subjects } from './subjects.ts';
export { tokenCookieNames, type TokenCookieNames } from './token-cookies.ts';
export { surveyJson, type JsonSurvey } from './json-survey.ts';
