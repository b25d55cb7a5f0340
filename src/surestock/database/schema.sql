-- name: begin
CREATE SCHEMA IF NOT EXISTS surestock;
CREATE TABLE IF NOT EXISTS surestock.migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    digest text NOT NULL,
    applied_at timestamptz NOT NULL
);

-- name: has_schema
SELECT to_regclass('surestock.migrations') IS NOT NULL;

-- name: lock
LOCK TABLE surestock.migrations IN EXCLUSIVE MODE;

-- name: applied
SELECT number, name, digest FROM surestock.migrations ORDER BY number;

-- name: note
INSERT INTO surestock.migrations (number, name, digest, applied_at) VALUES ($1, $2, $3, now());
