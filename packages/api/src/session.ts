/** Sessions: how they are opened, what of them is answered, and how they end. */
import { receiptWait, sessionId } from '@portcullis/contracts/schemas';
import * as z from 'zod';
import { knownAddress, password } from './recovery.ts';

const refreshToken = z.string().min(1).max(256);

export const loginInput = z.strictObject({
  email: knownAddress,
  password,
  /** `cookie`: the tokens travel in cookies that no script can read, and not in the answer. */
  transport: z.enum(['body', 'cookie']).default('body'),
});

/** RFC 6749 section 5.1, and the session that was opened. */
export const tokens = z.object({
  access_token: z.string(),
  /** `DPoP` when the request proved possession of a key, which the tokens are bound to (RFC 9449). */
  token_type: z.enum(['Bearer', 'DPoP']),
  /** Seconds. */
  expires_in: z.int(),
  refresh_token: z.string(),
  session_id: sessionId,
});
export type Tokens = z.infer<typeof tokens>;

/** What the answer says of tokens that travel in cookies. */
export const cookieSession = z.object({
  transport: z.literal('cookie'),
  /** Seconds that the access token has to live. */
  expires_in: z.int(),
  session_id: sessionId,
});
export type CookieSession = z.infer<typeof cookieSession>;
/** Tokens in the body, or in cookies. */
export const delivered = z.union([tokens, cookieSession]);

/** What a client calls a further step: `totp`, say. */
export const loginMethod = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/);
/** The password was right, and one more step is needed before there are tokens. */
export const challenged = z.object({
  challenge: z.object({
    /** For the next step: a secret, good once. */
    token: z.string(),
    /** The steps of which one will do. */
    methods: z.array(loginMethod).min(1),
    /** Seconds. */
    expires_in: z.int(),
  }),
});
export type Challenged = z.infer<typeof challenged>;
/** What a step of a login comes to. */
export const loginResult = z.union([tokens, cookieSession, challenged]);

export const continueLoginInput = z.strictObject({
  /** The token of the challenge. */
  challenge: z.string().min(1).max(256),
  method: loginMethod,
  /** What the method asks for: a code, say. */
  answer: z.string().min(1).max(8192),
  transport: loginInput.shape.transport,
});

/** What an application gives for the code that its user came back with (RFC 6749 section 4.1.3, RFC 7636 section 4.5). */
export const completeLoginInput = z.strictObject({
  code: z.string().min(1).max(256),
  code_verifier: z.string().regex(/^[A-Za-z0-9\-._~]{43,128}$/),
  /** Exactly that to which the user was sent. */
  redirect_uri: z.string().min(1).max(2048),
  /** A text here: one that is no client's id is answered as another client's is. */
  client_id: z.string().min(1).max(64),
  transport: loginInput.shape.transport,
});

/** Without a token, the one in the cookie is meant. */
export const refreshInput = z.strictObject({ refresh_token: refreshToken.optional() });
export const logoutInput = z.strictObject({ wait: receiptWait });
export const logoutAllInput = z.strictObject({
  /** Spares the caller's own session by ending the others one by one. */
  keep_current: z.boolean().default(false),
  wait: receiptWait,
});
export const endSessionInput = z.strictObject({ session_id: sessionId, wait: receiptWait });

export const session = z.object({
  id: sessionId,
  /** Whether it is the one that asks. */
  current: z.boolean(),
  user_agent: z.string().nullable(),
  address: z.string().nullable(),
  created_at: z.iso.datetime(),
  last_used_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
});
export const sessionList = z.object({ sessions: z.array(session) });
export type SessionList = z.infer<typeof sessionList>;
