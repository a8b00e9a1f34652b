-- Not beside the version before (CHANGELOG, 0.2.0: stop): a table and values have other names in it. After a
-- backup of 0.1.0 was put over a database of 0.2.0 the table of that is still there, with what is worthless now.
DROP TABLE IF EXISTS "used_proofs";--> statement-breakpoint
ALTER TABLE "spent_proofs" RENAME TO "used_proofs";--> statement-breakpoint
ALTER INDEX "spent_proofs_pkey" RENAME TO "used_proofs_pkey";--> statement-breakpoint
ALTER INDEX "spent_proofs_expiry" RENAME TO "used_proofs_expiry";--> statement-breakpoint
UPDATE "revocation_log" SET "kind" = 'claims_changed' WHERE "kind" = 'changed';--> statement-breakpoint
UPDATE "mails" SET
	"kind" = CASE "kind" WHEN 'verify-again' THEN 'resend-verification' WHEN 'email-change-asked' THEN 'email-change-requested' ELSE "kind" END,
	"outcome" = CASE "outcome" WHEN 'doubtful' THEN 'unconfirmed' WHEN 'needless' THEN 'obsolete' WHEN 'held-back' THEN 'throttled' WHEN 'unsent' THEN 'disabled' WHEN 'refused' THEN 'rejected' ELSE "outcome" END
	WHERE "kind" IN ('verify-again', 'email-change-asked') OR "outcome" IN ('doubtful', 'needless', 'held-back', 'unsent', 'refused');--> statement-breakpoint
CREATE OR REPLACE FUNCTION "audit_origins_are_not_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'a row of audit_origins is never changed' USING ERRCODE = 'restrict_violation';
END $$;--> statement-breakpoint
COMMENT ON TABLE "drizzle"."__drizzle_migrations" IS 'needs 0010_plain_words';
