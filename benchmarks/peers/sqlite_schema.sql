-- The same tables as the PostgreSQL peer has, in SQLite's types; times in ISO 8601.
CREATE TABLE stock (
    store_id   text    NOT NULL,
    sku        text    NOT NULL,
    on_hand    integer NOT NULL,
    reserved   integer NOT NULL DEFAULT 0,
    version    integer NOT NULL DEFAULT 1,
    updated_at text    NOT NULL,
    PRIMARY KEY (store_id, sku),
    CHECK (on_hand >= reserved AND reserved >= 0)
) WITHOUT ROWID;
CREATE TABLE event (
    sequence       integer PRIMARY KEY,
    reservation_id text    NOT NULL,
    store_id       text    NOT NULL,
    sku            text    NOT NULL,
    qty            integer NOT NULL,
    on_hand        integer NOT NULL,
    reserved       integer NOT NULL,
    version        integer NOT NULL,
    at             text    NOT NULL,
    expires_at     text,
    reference      text
);
CREATE TABLE idempotency (
    key         text    PRIMARY KEY,
    fingerprint text    NOT NULL,
    sequence    integer NOT NULL
) WITHOUT ROWID;
