CREATE TABLE "client_subjects" (
	"client_id" text NOT NULL,
	"user_id" text NOT NULL,
	"generation" integer NOT NULL,
	CONSTRAINT "client_subjects_user_id_client_id_pk" PRIMARY KEY("user_id","client_id")
);
--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "client_cuts" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "client_subjects" ADD CONSTRAINT "client_subjects_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;