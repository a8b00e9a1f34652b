/** Accounts to search in: the same for the same number, with names in eight scripts. */
import type { Sql } from 'postgres';

interface Script {
  readonly given: readonly string[];
  readonly between: string;
  readonly syllables: readonly string[];
}

const words = (text: string): string[] => text.split(' ');

const SCRIPTS: readonly Script[] = [
  {
    given: words('Anna Grace Peter Sven Maria Oliver Ruth Hugo'),
    between: ' ',
    syllables: words('ba ne ri so mu ta le vi ko du an es in or ul ack ston ber wick ham'),
  },
  {
    given: words('Zoë José Ökan Weiß Çelik Łucja Åse Núria'),
    between: ' ',
    syllables: words('ğa né ří so mü ta łe vï kö du án ès in øñ ül ač štó bér wîk hâm'),
  },
  {
    given: words('Иван Дмитрий Ольга Юлия Пётр Сергей Анна Жанна'),
    between: ' ',
    syllables: words('ба не ри со му та ле ви ко ду ан ес ин ор ул ёж щук бер цын хам'),
  },
  {
    given: words('Οδυσσεύς Ελένη Γιώργος Άννα Νίκος Μαρία Ζωή Πέτρος'),
    between: ' ',
    syllables: words('βα νε ρι σο μυ τα λε βι κο δυ αν ες ιν ορ ίδης άκης ξυ ψα θο χα'),
  },
  {
    given: words('محمد فاطمة علي مريم أحمد زينب يوسف ليلى'),
    between: ' ',
    syllables: words('با ني ري سو مو تا لي في كو دو ان اس ين ور ول حج شت بر قص هام'),
  },
  {
    given: words('小明 李娜 秀英 伟 芳 大卫 美玲 建国'),
    between: '',
    syllables: words('王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱 胡 郭 何 高 林 罗'),
  },
  {
    given: words('ﾀﾅｶ ハナコ サクラ ケン ユキ ﾀﾛｳ ミドリ アキラ'),
    between: ' ',
    syllables: words(
      'バ ネ リ ソ ム タ レ ビ コ ドゥ アン エス イン オル ウル ヤマ シタ ベル モト ハラ',
    ),
  },
  {
    given: words('민준 서연 지훈 수빈 하은 도윤 예린 현우'),
    between: '',
    syllables: words('김 이 박 최 정 강 조 윤 장 임 한 오 서 신 권 황 안 송 류 홍'),
  },
];

/** Accounts of one statement. */
const BATCH = 50_000;
/** Of all, the last: those of one company, which came late. */
const LATE_SHARE = 0.07;

/**
 * Puts in so many accounts, beside those that there are, and has PostgreSQL count. Indexes for searching are taken away
 * and made anew, since that is quicker.
 *
 * @param sql to the database of auth, of any release
 */
export async function fillAccounts(
  sql: Sql,
  count: number,
  progress: (line: string) => void,
): Promise<void> {
  const indexes = await sql`
    select indexname as name, indexdef as definition from pg_indexes
    where tablename = 'users' and indexdef like '% USING gin %'`;
  for (const { name } of indexes) await sql`drop index ${sql(String(name))}`;
  for (let first = 1; first <= count; first += BATCH) {
    progress(`accounts from ${first} of ${count}`);
    await putIn(sql, { first, last: Math.min(count, first + BATCH - 1), count });
  }
  progress('indexes and statistics');
  for (const { definition } of indexes) await sql.unsafe(String(definition));
  await sql`vacuum analyze users`;
}

async function putIn(
  sql: Sql,
  { first, last, count }: { first: number; last: number; count: number },
): Promise<void> {
  const late = Math.ceil(count * (1 - LATE_SHARE));
  await sql`
    insert into users (id, email, email_key, name, password_hash, created_at)
    select 'usr_' || lpad(to_hex(n), 26, '0'), address, address, name,
      '$argon2id$v=19$m=19456,t=2,p=1$' || repeat(md5(n::text), 2), to_timestamp(1700000000 + n)
    from generate_series(${first}::bigint, ${last}::bigint) n
    cross join lateral (select n * 2654435761 % 4294967296 / 256 as chance) c
    cross join lateral (
      select ${JSON.stringify(SCRIPTS)}::text::jsonb -> (chance % 8)::int as script, chance / 8 as rest
    ) s
    cross join lateral (
      select case when n % 40 = 0 then null else
        (script #>> array['given', (rest % 8)::text]) || (script ->> 'between')
        || (script #>> array['syllables', (rest / 8 % 20)::text])
        || (script #>> array['syllables', (rest / 160 % 20)::text])
        || (script #>> array['syllables', (rest / 3200 % 20)::text]) end as name
    ) f
    cross join lateral (
      select (array['anna', 'office', 'hello', 'ruth', 'sven', 'k', 'post', 'peter'])[1 + rest % 8] || '.'
        || left(md5((n / 11)::text), 5) || n || '@' || case when n > ${late}::bigint then 'latecomers.test' else
          (array['example.test', 'mail.test', 'north.example.test', 'a-z.test'])[1 + rest % 4] end as address
    ) a`;
}
