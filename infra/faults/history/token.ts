/** A token as the history knows it: who it is for, and what could end it. */
import { z } from 'zod';

const claims = z.object({
  sub: z.string(),
  sid: z.string(),
  jti: z.string(),
  gen: z.number(),
  cgen: z.number(),
  csgen: z.number().default(0),
  igen: z.number(),
  client_id: z.string(),
  exp: z.number(),
});
const header = z.object({ kid: z.string() });

export interface Token extends z.infer<typeof claims> {
  readonly text: string;
  readonly kid: string;
  /** What the history calls it. */
  readonly label: string;
  /** Between these moments it was minted. */
  readonly asked: number;
  readonly answered: number;
}

export function readToken(text: string, seen: Pick<Token, 'label' | 'asked' | 'answered'>): Token {
  const [head = '', payload = ''] = text.split('.');
  return { ...header.parse(decode(head)), ...claims.parse(decode(payload)), ...seen, text };
}

function decode(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}
