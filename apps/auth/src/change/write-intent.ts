import { newId, type MailId } from '@portcullis/contracts';
import type { Transaction } from '../database/database.ts';
import { mails } from '../database/schema/index.ts';
import type { MailIntent } from './mail-intent.ts';

/** Part of the transaction that is the cause of the mail. */
export async function writeMailIntent(
  tx: Transaction,
  intent: MailIntent,
  requestId: string,
): Promise<MailId> {
  const id = newId('eml');
  await tx.insert(mails).values({
    id,
    kind: intent.kind,
    address: intent.address,
    userId: 'userId' in intent ? intent.userId : null,
    requestId,
  });
  return id;
}
