CREATE INDEX CONCURRENTLY "revocation_log_tokens" ON "revocation_log" USING btree ("key") WHERE "revocation_log"."kind" = 'token';--> statement-breakpoint
CREATE UNIQUE INDEX CONCURRENTLY "audit_log_position" ON "audit_log" USING btree ("position");--> statement-breakpoint
CREATE INDEX CONCURRENTLY "audit_log_unchained" ON "audit_log" USING btree ("sequence") WHERE "audit_log"."position" is null;--> statement-breakpoint
CREATE INDEX CONCURRENTLY "audit_log_actor" ON "audit_log" USING btree ("actor_id","position");--> statement-breakpoint
CREATE INDEX CONCURRENTLY "audit_log_target" ON "audit_log" USING btree ("target_id","position");
