-- Safe beside the version before: it leaves the columns out, and the defaults and the trigger number what
-- it writes. The defaults are set apart from the columns, so that no table is written anew.
CREATE SEQUENCE "public"."request_order" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE FUNCTION "users_number_credential"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.credential_order := nextval('request_order');
	RETURN NEW;
END $$;
--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "credential_order" bigint;--> statement-breakpoint
ALTER TABLE "users" ALTER COLUMN "credential_order" SET DEFAULT nextval('request_order');--> statement-breakpoint
CREATE TRIGGER "users_number_credential" BEFORE UPDATE OF "credential_version" ON "users"
	FOR EACH ROW WHEN (OLD.credential_version IS DISTINCT FROM NEW.credential_version)
	EXECUTE FUNCTION "users_number_credential"();--> statement-breakpoint
ALTER TABLE "mails" ADD COLUMN "asked_order" bigint;--> statement-breakpoint
ALTER TABLE "mails" ALTER COLUMN "asked_order" SET DEFAULT nextval('request_order');
