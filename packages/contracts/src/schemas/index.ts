/** The schemas of what travels and is configured. This entry alone needs zod, which its user installs. */
export { permission, role, roleOfToken, scopesOfClient } from './access.ts';
export { accountEvent } from './account-events.ts';
export { accessTokenClaims, machineClaims, userClaims } from './claims.ts';
export { emailAddress } from './email-address.ts';
export { errorBody, errorCode } from './errors.ts';
export { acknowledgement, deregister, grantReply, grantRequest, numbered } from './grant.ts';
export {
  clientId,
  epochId,
  eventId,
  incarnationId,
  keyId,
  linkId,
  mailId,
  serviceName,
  sessionId,
  tokenId,
  userId,
} from './ids.ts';
export { accessReceipt, receipt, receiptWait } from './receipt.ts';
export { actor, issuerTime, revocationEvent, revocationReason } from './revocation.ts';
export { audienceName, shownName } from './shown-text.ts';
