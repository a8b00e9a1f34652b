/** A client that holds a key, and proves it as RFC 9449 says; each of its steps can be taken alone. */
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWK,
} from 'jose';
import { createHash } from 'node:crypto';
import type { Answer, AuthInstance, CallOptions } from '../auth-system.ts';

export interface ProofVariant {
  htu?: string;
  claims?: Record<string, unknown>;
  token?: string;
}

export class DpopClient {
  readonly #privateKey: CryptoKey;
  readonly #jwk: JWK;
  readonly jkt: string;
  /** The newest nonce that the server gave. */
  nonce: string | undefined;

  private constructor(privateKey: CryptoKey, jwk: JWK, jkt: string) {
    this.#privateKey = privateKey;
    this.#jwk = jwk;
    this.jkt = jkt;
  }

  static async create(): Promise<DpopClient> {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = await exportJWK(publicKey);
    return new DpopClient(privateKey, jwk, await calculateJwkThumbprint(jwk));
  }

  async proof(htm: string, htu: string, { claims = {}, token }: ProofVariant = {}) {
    const said = {
      jti: crypto.randomUUID(),
      htm,
      htu,
      iat: Math.floor(Date.now() / 1_000),
      ...(this.nonce === undefined ? {} : { nonce: this.nonce }),
      ...(token === undefined
        ? {}
        : { ath: createHash('sha256').update(token).digest('base64url') }),
      ...claims,
    };
    return await new SignJWT(said)
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: this.#jwk })
      .sign(this.#privateKey);
  }

  /** One request with one proof; the nonce of its answer is kept. */
  async send(
    auth: AuthInstance,
    path: string,
    { headers = {}, token, ...options }: CallOptions,
    variant: ProofVariant = {},
  ): Promise<Answer> {
    const method = options.body === undefined && options.form === undefined ? 'GET' : 'POST';
    const htu = variant.htu ?? `${auth.url}${path}`;
    const dpop = await this.proof(method, htu, {
      ...variant,
      ...(token === undefined ? {} : { token }),
    });
    const scheme: Record<string, string> =
      token === undefined ? {} : { authorization: `DPoP ${token}` };
    const answer = await auth.call(method, path, {
      ...options,
      headers: { dpop, ...scheme, ...headers },
    });
    this.nonce = answer.headers.get('dpop-nonce') ?? this.nonce;
    return answer;
  }

  /** The same, once more where the server asks for a nonce. */
  async ask(
    auth: AuthInstance,
    path: string,
    options: CallOptions,
    variant?: ProofVariant,
  ): Promise<Answer> {
    const answer = await this.send(auth, path, options, variant);
    const asked = answer.body?.error ?? answer.body?.code;
    return asked === 'use_dpop_nonce' ? await this.send(auth, path, options, variant) : answer;
  }
}
