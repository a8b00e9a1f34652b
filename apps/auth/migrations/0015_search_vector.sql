-- Safe beside the version before: nothing uses it until the index of the next file is there. Of PostgreSQL itself, without
-- an extension. The name is folded as in src/database/folded.ts, and what it gives is told in src/database/search-vector.ts:
-- what is three characters long from each place of both on. It is not SQL but PL/pgSQL, a third of the time, and its cost
-- keeps the planner from computing it for each row of the table. No text makes it fail.
CREATE OR REPLACE FUNCTION "account_search_vector"("address" text, "name" text) RETURNS tsvector
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
DECLARE
	folded text;
	searched text;
BEGIN
	IF octet_length("name") = char_length("name") THEN
		folded := lower("name" COLLATE "C");
	ELSE
		folded := CASE WHEN "name" IS NFKC NORMALIZED THEN "name" ELSE normalize("name", NFKC) END;
		folded := replace(lower(upper(folded COLLATE "und-x-icu") COLLATE "und-x-icu"), 'ς', 'σ');
	END IF;
	searched := coalesce("address", '') || E'\n' || coalesce(folded, '');
	RETURN array_to_tsvector(array_remove(
		string_to_array(regexp_replace(searched, '...', E'\\&\n', 'g'), E'\n')
		|| string_to_array(regexp_replace(substr(searched, 2), '...', E'\\&\n', 'g'), E'\n')
		|| string_to_array(regexp_replace(substr(searched, 3), '...', E'\\&\n', 'g'), E'\n'), ''));
END $$;--> statement-breakpoint
-- Room in each page of what is written from now on: a login that notes its time stays in its page, and no index is written.
ALTER TABLE "users" SET (fillfactor = 90);
