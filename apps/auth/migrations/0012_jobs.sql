-- Also on a backup of the version before that was put over a database of this one: it does not name this table.
CREATE TABLE IF NOT EXISTS "jobs" (
	"name" text PRIMARY KEY NOT NULL,
	"last_success_at" timestamp with time zone NOT NULL
);
