/** What the auth service has to be able to do. */
import type { receipt } from '@portcullis/contracts/schemas';
import type * as z from 'zod';
import type { AnonymousCall, MachineCall, UserCall } from './context.ts';
import type { FactorService } from './factors.ts';
import type { accountRenamed, renameInput } from './operations/accounts.ts';
import type { Administration } from './operations/administration.ts';
import type { OwnData, registerInput } from './own-account.ts';
import type { RecoveryService } from './recovery.ts';
import type {
  Challenged,
  completeLoginInput,
  continueLoginInput,
  endSessionInput,
  loginInput,
  logoutAllInput,
  logoutInput,
  SessionList,
  Tokens,
} from './session.ts';

/** What the app supplies. A verb throws `Refusal` and nothing else on purpose. */
export interface AuthService extends RecoveryService, FactorService {
  register(call: AnonymousCall, input: z.infer<typeof registerInput>): Promise<void>;
  logIn(call: AnonymousCall, input: z.infer<typeof loginInput>): Promise<Tokens | Challenged>;
  /** With an answer to the challenge of the step before. */
  continueLogIn(
    call: AnonymousCall,
    input: z.infer<typeof continueLoginInput>,
  ): Promise<Tokens | Challenged>;
  /** With the code that the pages of auth have sent the user back with. */
  completeLogIn(call: AnonymousCall, input: z.infer<typeof completeLoginInput>): Promise<Tokens>;
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
  /** For the owner of the account, whom the machine client has authenticated. */
  rename(
    call: MachineCall,
    input: z.infer<typeof renameInput>,
  ): Promise<z.infer<typeof accountRenamed>>;
  administration: Administration;
}
