/** The id under which one request is found again in every log, answer and event that it caused. */
import { newRequestId, sentRequestId } from '@portcullis/verify/guard';
import type { IncomingMessage } from 'node:http';

/** The caller's own id where it is well-formed, else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  return sentRequestId(request) ?? newRequestId();
}
