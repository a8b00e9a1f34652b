-- Also on a backup of the version before that was put over a database of this one: it does not name these.
DROP TABLE IF EXISTS "client_subjects";--> statement-breakpoint
CREATE TABLE "client_subjects" (
	"client_id" text NOT NULL,
	"user_id" text NOT NULL,
	"generation" integer NOT NULL,
	CONSTRAINT "client_subjects_user_id_client_id_pk" PRIMARY KEY("user_id","client_id")
);
--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN IF NOT EXISTS "client_revocations" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "verifiers" ADD COLUMN IF NOT EXISTS "kinds" text[];
