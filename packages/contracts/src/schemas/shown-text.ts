import * as z from 'zod';
import { problemWithShown } from '../shown-text.ts';

/** What a user or a client is called, without the spaces around it. */
export const shownName = z.string().trim().min(1).max(100).superRefine(refuseUnseen);

/** What a token is for; a name of the adopter's own choice. */
export const audienceName = z.string().min(1).max(256).superRefine(refuseUnseen);

function refuseUnseen(text: string, context: z.RefinementCtx): void {
  const message = problemWithShown(text);
  if (message !== null) context.addIssue({ code: 'custom', message });
}
