/** A migration that was given up; its message is for the operator, and says what to do next. */
export class MigrationFailed extends Error {
  override readonly name = 'MigrationFailed';
}
