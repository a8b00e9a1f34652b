export { clients, sealedSecrets, sessions, signingKeys, users } from './accounts.ts';
export {
  accountEvents,
  auditLog,
  issuer,
  logHead,
  revocationLog,
  verifiers,
} from './revocations.ts';
