#!/bin/sh
# Makes Mailroom's role and database. The PostgreSQL image runs this once, as its superuser, on an empty volume (see
# compose.yaml). The role owns its database and nothing else: with its password one cannot read the server's files,
# run programs there, or open another database.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv password MAILROOM_DB_PASSWORD
CREATE ROLE mailroom LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE mailroom OWNER mailroom;
REVOKE ALL ON DATABASE mailroom, postgres, template1 FROM PUBLIC;
SQL
