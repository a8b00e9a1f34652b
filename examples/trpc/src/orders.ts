/** Stands for a database. */
const all: { of: string; item: string }[] = [];

export function place(user: string, item: string): number {
  return all.push({ of: user, item });
}

export function ordersOf(user: string): string[] {
  return all.filter((order) => order.of === user).map(({ item }) => item);
}
