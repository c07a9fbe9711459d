#!/bin/sh
# The PostgreSQL image runs this once, as its superuser, on an empty volume (compose.yaml): it makes the role and the
# database of Mailroom. The role owns that database and nothing else; whoever gets hold of it can neither read the
# server's files nor run programs there nor see another database.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv password MAILROOM_DB_PASSWORD
CREATE ROLE mailroom LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE mailroom OWNER mailroom;
REVOKE ALL ON DATABASE mailroom, postgres, template1 FROM PUBLIC;
SQL
