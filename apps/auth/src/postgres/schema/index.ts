export { clients, sealedSecrets, sessions, signingKeys, spentProofs, users } from './accounts.ts';
export {
  accountEvents,
  auditLog,
  issuer,
  logHead,
  revocationLog,
  verifiers,
} from './revocations.ts';
