-- Not beside the version before (CHANGELOG, 0.2.0: stop): a table and values have other names in it.
ALTER TABLE "spent_proofs" RENAME TO "used_proofs";--> statement-breakpoint
ALTER INDEX "spent_proofs_expiry" RENAME TO "used_proofs_expiry";--> statement-breakpoint
UPDATE "revocation_log" SET "kind" = 'claims_changed' WHERE "kind" = 'changed';--> statement-breakpoint
UPDATE "mails" SET
	"kind" = CASE "kind" WHEN 'verify-again' THEN 'resend-verification' WHEN 'email-change-asked' THEN 'email-change-requested' ELSE "kind" END,
	"outcome" = CASE "outcome" WHEN 'doubtful' THEN 'unconfirmed' WHEN 'needless' THEN 'obsolete' WHEN 'held-back' THEN 'throttled' WHEN 'unsent' THEN 'disabled' WHEN 'refused' THEN 'rejected' ELSE "outcome" END
	WHERE "kind" IN ('verify-again', 'email-change-asked') OR "outcome" IN ('doubtful', 'needless', 'held-back', 'unsent', 'refused');--> statement-breakpoint
CREATE OR REPLACE FUNCTION "audit_origins_are_not_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'audit_origins is append-only' USING ERRCODE = 'restrict_violation';
END $$;
