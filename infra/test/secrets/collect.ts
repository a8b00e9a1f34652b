/** All that a system keeps, as text. */
import { spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import postgres from 'postgres';

/** By `pg_dump` where there is one that fits the server, and always row by row. */
export async function databaseText(url: string): Promise<string> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const tables = await sql<{ name: string }[]>`
      select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema')`;
    const texts: string[] = [];
    for (const { name } of tables) {
      const rows = await sql.unsafe<{ row: string }[]>(`select t::text as row from ${name} t`);
      texts.push(`${name}\n`, ...rows.map(({ row }) => `${row}\n`));
    }
    const dump = spawnSync('pg_dump', ['--inserts', url], {
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
      timeout: 60_000,
    });
    return texts.join('') + (dump.status === 0 ? dump.stdout : '');
  } finally {
    await sql.end();
  }
}

/** Every key below the prefix, with its whole value. */
export async function redisText(url: string, prefix: string): Promise<string> {
  const redis = new Redis(url);
  try {
    const texts: string[] = [];
    for await (const keys of redis.scanStream({ match: `${prefix}*` })) {
      for (const key of keys) texts.push(key, await valueOf(redis, key));
    }
    return texts.join('\n');
  } finally {
    redis.disconnect();
  }
}

async function valueOf(redis: Redis, key: string): Promise<string> {
  switch (await redis.type(key)) {
    case 'string':
      return (await redis.get(key)) ?? '';
    case 'hash':
      return JSON.stringify(Object.entries(await redis.hgetall(key)).flat());
    case 'list':
      return (await redis.lrange(key, 0, -1)).join('\n');
    case 'set':
      return (await redis.smembers(key)).join('\n');
    case 'zset':
      return (await redis.zrange(key, '0', '-1')).join('\n');
    case 'stream':
      return JSON.stringify(await redis.xrange(key, '-', '+'));
    case 'none':
      return ''; // it has expired meanwhile
    default:
      throw new Error(`a kind of value that nobody here can read: ${key}`);
  }
}

export async function folderText(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = files
    .filter((file) => file.isFile())
    .map((file) => readFile(join(file.parentPath, file.name), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}
