CREATE TABLE "profiles" (
	"user_id" text PRIMARY KEY NOT NULL,
	"email" text,
	"name" text,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone,
	CONSTRAINT "profiles_tombstone" CHECK (("profiles"."deleted_at" is null and "profiles"."email" is not null)
        or ("profiles"."deleted_at" is not null and "profiles"."email" is null and "profiles"."name" is null))
);
