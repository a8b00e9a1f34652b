#!/bin/bash
# The standby: a copy of the primary the first time, and from then on what follows it.
set -euo pipefail

password=$(cat /run/secrets/postgres-replication-password)
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # One that was broken off is begun anew.
  rm -rf "$PGDATA"
  primary="host=postgres user=replicator application_name=standby sslmode=verify-full"
  primary="$primary sslrootcert=/run/certificates/authority.pem"
  PGPASSWORD=$password pg_basebackup --pgdata="$PGDATA" --dbname="$primary" \
    --write-recovery-conf --wal-method=stream --checkpoint=fast --create-slot --slot=standby
fi
exec postgres -c config_file=/etc/postgresql/postgresql.conf
