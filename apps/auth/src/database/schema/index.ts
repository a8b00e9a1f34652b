export { accessMapping } from './access.ts';
export { auditHead, auditLog, auditOrigins } from './audit.ts';
export {
  clients,
  clientSubjects,
  requestOrder,
  sealedSecrets,
  sessions,
  signingKeys,
  usedProofs,
  users,
} from './accounts.ts';
export { recoveryCodes, totpFactors } from './factors.ts';
export { authorizationCodes } from './authorization-codes.ts';
export { jobs } from './jobs.ts';
export { loginChallenges } from './login-challenges.ts';
export { links, mails } from './mail.ts';
export { accountEvents, issuer, logHead, revocationLog, verifiers } from './revocations.ts';
