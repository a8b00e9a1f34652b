#!/bin/bash
# The databases of auth and user, each with a role that owns it and may connect to no other. Run again, it sets the
# passwords. Where the server is and how it is reached comes in the variables of libpq.
set -euo pipefail

make() {
  local name=$1 password=$2
  if [ -z "$password" ]; then
    echo "no password for $name: fill in .env as .env.example says" >&2
    exit 1
  fi
  psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --set=name="$name" --set=password="$password" <<'SQL'
select format('create role %I login', :'name')
where not exists (select from pg_roles where rolname = :'name') \gexec
alter role :"name" with password :'password';
select format('create database %I owner %I', :'name', :'name')
where not exists (select from pg_database where datname = :'name') \gexec
revoke connect on database :"name" from public;
SQL
}

make portcullis_auth "$AUTH_PASSWORD"
make portcullis_user "$USER_PASSWORD"
