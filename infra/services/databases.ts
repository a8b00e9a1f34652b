import postgres from 'postgres';
import { DATABASES } from './catalogue.ts';
import { secret } from '../secrets.ts';
import type { RunningServer } from '../servers/bring-up.ts';

type Databases = Record<keyof typeof DATABASES, string>;

/**
 * Makes what is missing. On a server of our own each service gets a role that owns its database and
 * cannot connect to the other's; on a server that was given to us the given role is used for all.
 * @returns the URL of each service's database
 */
export async function createDatabases(
  dataFolder: string,
  { url, origin }: RunningServer,
): Promise<Databases> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const make = async (service: keyof typeof DATABASES): Promise<string> => {
      const name = DATABASES[service];
      const location = new URL(url);
      location.pathname = `/${name}`;
      const exists = await sql`select 1 from pg_database where datname = ${name}`;
      if (origin === 'environment') {
        if (exists.length === 0) await sql.unsafe(`create database ${name}`);
        return location.href;
      }
      const password = secret(dataFolder, `postgres-${service}`);
      const role = await sql`select 1 from pg_roles where rolname = ${name}`;
      const verb = role.length === 0 ? 'create' : 'alter';
      // Neither name nor password (base64url) can hold a quote; DDL takes no parameters.
      await sql.unsafe(`${verb} role ${name} login password '${password}'`);
      if (exists.length === 0) await sql.unsafe(`create database ${name} owner ${name}`);
      await sql.unsafe(`revoke connect on database ${name} from public`);
      location.username = name;
      location.password = password;
      return location.href;
    };
    return { auth: await make('auth'), user: await make('user') };
  } finally {
    await sql.end({ timeout: 2 });
  }
}
