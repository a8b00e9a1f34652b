/** An instance with three roles of an adopter's, and administrators who act by them. */
import { defineConfig, newId, type AccessConfig } from '@portcullis/contracts';
import {
  startAuthSystem,
  type Answer,
  type AuthInstance,
  type AuthSystem,
} from '../auth-system.ts';

export const CONFIG = defineConfig({
  number: 1,
  permissions: [
    'orders:read',
    'orders:write',
    'orders:refund',
    'stock:read',
    'stock:write',
    'reports:read',
  ],
  roles: {
    clerk: ['orders:read', 'orders:write'],
    keeper: ['stock:read', 'stock:write', 'users:read', 'users:write', 'roles:write'],
    manager: [
      ...(['orders:read', 'orders:write', 'orders:refund', 'stock:read', 'stock:write'] as const),
      ...(['users:read', 'users:write', 'users:delete', 'roles:write', 'clients:write'] as const),
      ...(['sessions:revoke', 'verifiers:read'] as const),
    ],
  },
  scopes: ['export'],
});

export class Scene {
  readonly system: AuthSystem;
  readonly #token: string;

  constructor(system: AuthSystem, token: string) {
    this.system = system;
    this.#token = token;
  }

  get auth(): AuthInstance {
    return this.system.auth;
  }

  /** What an administrator has done to an account. */
  async as(by: string, verb: string, id: string, more: object = {}): Promise<Answer> {
    const input = { user_id: id, actor: by, ...(verb === 'enable' ? {} : { wait: 0 }), ...more };
    return await this.auth.machine(`accounts.${verb}`, input, this.#token);
  }

  /** What an administrator has done to a client. */
  async client(by: string, verb: string, more: object): Promise<Answer> {
    return await this.auth.machine(`clients.${verb}`, { actor: by, ...more }, this.#token);
  }

  async createClient(by: string, scopes: readonly string[]): Promise<Answer> {
    const id = `cli_${newId('usr').slice(-10).toLowerCase()}`;
    return await this.client(by, 'create', { id, name: 'x', scopes, audiences: ['urn:x'] });
  }

  /** With a password that is not void and that is of no use. */
  async account(...roles: string[]): Promise<string> {
    const id = newId('usr');
    const email = `${id}@example.test`;
    await this.system.sql`
      insert into users (id, email, email_key, roles, password_hash)
      values (${id}, ${email}, ${email}, ${roles}, 'x')`;
    return id;
  }

  /** Has this mapping count, whatever it is; under the next number unless that is given. */
  async declare(change: Partial<AccessConfig>): Promise<void> {
    await this.system.sql.begin(async (tx) => {
      const [row] = await tx`select number from access_mapping for update`;
      const number = Number(row?.['number']) + 1;
      const config = JSON.stringify({ ...CONFIG, number, ...change });
      await tx`update access_mapping set number = ${number}, config = ${config}::text::jsonb`;
    });
  }
}

export async function startScene(): Promise<Scene> {
  const system = await startAuthSystem({
    overrides: {
      PORTCULLIS_ACCESS_TOKEN_SECONDS: '3600',
      PORTCULLIS_CONFIG: JSON.stringify(CONFIG),
    },
  });
  return new Scene(system, await system.auth.machineToken());
}
