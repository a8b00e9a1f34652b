CREATE INDEX CONCURRENTLY "users_search" ON "users" USING gin (account_search_vector("email_key", "name")) WITH (fastupdate=false);--> statement-breakpoint
CREATE INDEX CONCURRENTLY "users_roles" ON "users" USING gin ("roles") WHERE "users"."roles" <> '{}';--> statement-breakpoint
CREATE INDEX CONCURRENTLY "users_disabled" ON "users" USING btree ("id") WHERE "users"."status" = 'disabled';