/** Why a restored database was left as it is, and the one thing to do next. */
export class RestoreRefused extends Error {
  override readonly name = 'RestoreRefused';
}
