/** What the auth service has to be able to do. */
import type { receipt } from '@portcullis/contracts/schemas';
import type * as z from 'zod';
import type {
  account,
  accountChange,
  accountChangeInput,
  accountDeleted,
  accountEnabled,
  accountInput,
  accountLogoutInput,
  accountPage,
  accountRenamed,
  listAccountsInput,
  renameInput,
  rolesInput,
  verifierList,
} from './account.ts';
import type { auditPage, listAuditInput } from './audit.ts';
import type {
  clientPage,
  createClientInput,
  createdClient,
  disableClientInput,
  disabledClient,
  listClientsInput,
  rotateClientInput,
  rotatedClient,
} from './clients.ts';
import type { AnonymousCall, MachineCall, UserCall } from './context.ts';
import type { killKeyInput, rotatedKey } from './keys.ts';
import type { OwnData, registerInput } from './own-account.ts';
import type { RecoveryService } from './recovery.ts';
import type {
  Challenged,
  continueLoginInput,
  endSessionInput,
  loginInput,
  logoutAllInput,
  logoutInput,
  SessionList,
  Tokens,
} from './session.ts';

/** What the app supplies. A verb throws `Refusal` and nothing else on purpose. */
export interface AuthService extends RecoveryService {
  register(call: AnonymousCall, input: z.infer<typeof registerInput>): Promise<void>;
  logIn(call: AnonymousCall, input: z.infer<typeof loginInput>): Promise<Tokens | Challenged>;
  /** With an answer to the challenge of the step before. */
  continueLogIn(
    call: AnonymousCall,
    input: z.infer<typeof continueLoginInput>,
  ): Promise<Tokens | Challenged>;
  refresh(call: AnonymousCall, input: { refresh_token: string }): Promise<Tokens>;
  /** Answers a session that has ended already with the receipt of its end; so it authenticates itself. */
  logOut(call: AnonymousCall, input: z.infer<typeof logoutInput>): Promise<z.infer<typeof receipt>>;
  logOutAll(
    call: UserCall,
    input: z.infer<typeof logoutAllInput>,
  ): Promise<z.infer<typeof receipt>>;
  listSessions(call: UserCall): Promise<SessionList>;
  endSession(
    call: UserCall,
    input: z.infer<typeof endSessionInput>,
  ): Promise<z.infer<typeof receipt>>;
  exportOwnData(call: UserCall): Promise<OwnData>;
  accounts: AccountAdministration;
}

/** By machine clients, for an administrator whom they name. */
export interface AccountAdministration {
  list(call: MachineCall, input: z.infer<typeof listAccountsInput>): Promise<AccountPageOf>;
  get(call: MachineCall, input: z.infer<typeof accountInput>): Promise<z.infer<typeof account>>;
  disable(call: MachineCall, input: Acting<typeof accountChangeInput>): Promise<ChangeOf>;
  enable(
    call: MachineCall,
    input: Acting<typeof accountInput>,
  ): Promise<z.infer<typeof accountEnabled>>;
  remove(
    call: MachineCall,
    input: Acting<typeof accountChangeInput>,
  ): Promise<z.infer<typeof accountDeleted>>;
  setRoles(call: MachineCall, input: Acting<typeof rolesInput>): Promise<ChangeOf>;
  /** For the owner of the account, whom the machine client has authenticated. */
  rename(
    call: MachineCall,
    input: z.infer<typeof renameInput>,
  ): Promise<z.infer<typeof accountRenamed>>;
  logOut(
    call: MachineCall,
    input: Acting<typeof accountLogoutInput>,
  ): Promise<z.infer<typeof receipt>>;
  listVerifiers(call: MachineCall): Promise<z.infer<typeof verifierList>>;
  rotateKey(call: MachineCall, input: ActorOnly): Promise<z.infer<typeof rotatedKey>>;
  killKey(call: MachineCall, input: Acting<typeof killKeyInput>): Promise<z.infer<typeof receipt>>;
  listClients(
    call: MachineCall,
    input: z.infer<typeof listClientsInput>,
  ): Promise<z.infer<typeof clientPage>>;
  createClient(
    call: MachineCall,
    input: Acting<typeof createClientInput>,
  ): Promise<z.infer<typeof createdClient>>;
  rotateClient(
    call: MachineCall,
    input: Acting<typeof rotateClientInput>,
  ): Promise<z.infer<typeof rotatedClient>>;
  disableClient(
    call: MachineCall,
    input: Acting<typeof disableClientInput>,
  ): Promise<z.infer<typeof disabledClient>>;
  listAudit(
    call: MachineCall,
    input: z.infer<typeof listAuditInput>,
  ): Promise<z.infer<typeof auditPage>>;
}

type AccountPageOf = z.infer<typeof accountPage>;
type ChangeOf = z.infer<typeof accountChange>;
type Acting<S extends z.ZodType> = z.infer<S> & ActorOnly;
interface ActorOnly {
  actor: z.infer<typeof accountInput>['user_id'];
}
