-- Also on a backup of the version before that was put over a database of this one: it does not name these.
CREATE TABLE IF NOT EXISTS "access_mapping" (
	"id" integer PRIMARY KEY DEFAULT 1 NOT NULL,
	"number" integer DEFAULT 0 NOT NULL,
	"config" jsonb NOT NULL,
	"changed_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "access_mapping_one_row" CHECK ("access_mapping"."id" = 1)
);
--> statement-breakpoint
INSERT INTO "access_mapping" ("config") VALUES ('{"number":0,"permissions":[],"roles":{},"scopes":[]}') ON CONFLICT DO NOTHING;--> statement-breakpoint
ALTER TABLE "verifiers" ADD COLUMN IF NOT EXISTS "access" integer;
