import type { Sql, TransactionSql } from 'postgres';

type Unsafe = Sql['unsafe'];

/**
 * The same connections, on which every statement is prepared once and then known by its name.
 *
 * drizzle asks postgres.js for statements without one. Each then takes two round trips instead of one,
 * the first to learn the types of its parameters, and is parsed and planned every time: a login has a
 * dozen of them. How many a connection keeps is bounded by the statements in the code, as none is put
 * together from what a client sends.
 */
export function prepared<S extends Sql | TransactionSql>(sql: S): S {
  return new Proxy(sql, {
    get(target, name) {
      switch (name) {
        case 'unsafe':
          return (...[query, values = [], options]: Parameters<Unsafe>) =>
            target.unsafe(query, values, { ...options, prepare: true });
        case 'begin':
        case 'savepoint':
          return nesting(Reflect.get(target, name), target);
        default:
          return Reflect.get(target, name);
      }
    },
  });
}

/** `begin` or `savepoint`, whose work is given a connection of the same kind. */
function nesting(nest: unknown, target: object): unknown {
  if (typeof nest !== 'function') return nest;
  return (work: (tx: TransactionSql) => unknown): unknown =>
    Reflect.apply(nest, target, [(tx: TransactionSql) => work(prepared(tx))]);
}
