export { clients, sealedSecrets, sessions, signingKeys, spentProofs, users } from './accounts.ts';
export { links, mails } from './mail.ts';
export {
  accountEvents,
  auditLog,
  issuer,
  logHead,
  revocationLog,
  verifiers,
} from './revocations.ts';
