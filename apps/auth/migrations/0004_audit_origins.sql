CREATE TABLE "audit_origins" (
	"commitment" text PRIMARY KEY NOT NULL,
	"address" text NOT NULL,
	"salt" "bytea" NOT NULL
);

--> statement-breakpoint
CREATE FUNCTION "audit_origins_are_not_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'where something was done from is never changed' USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER "audit_origins_are_not_changed" BEFORE UPDATE ON "audit_origins"
	FOR EACH ROW EXECUTE FUNCTION "audit_origins_are_not_changed"();
--> statement-breakpoint
CREATE TRIGGER "audit_origins_are_not_emptied" BEFORE TRUNCATE ON "audit_origins"
	FOR EACH STATEMENT EXECUTE FUNCTION "audit_origins_are_not_changed"();
