#!/bin/bash
# Run once by the image, in the new primary before it takes connections: the role that the standby connects as, and
# that a commit waits for it from the next start on.
set -euo pipefail

psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
  --set=password="$(cat /run/secrets/postgres-replication-password)" <<'SQL'
create role replicator replication login password :'password';
alter system set synchronous_standby_names = 'FIRST 1 (standby)';
SQL
