-- What the engine keeps. Quantities are in units, times have a zone, text sorts by code point.

CREATE TABLE surestock.head (
    only_row boolean PRIMARY KEY CHECK (only_row),
    sequence bigint NOT NULL CHECK (sequence >= 0),
    deleted_through bigint NOT NULL CHECK (deleted_through >= 0)
);
INSERT INTO surestock.head (only_row, sequence, deleted_through) VALUES (true, 0, 0);

-- The log: one record for each command that changed something, as JSON.
CREATE TABLE surestock.records (
    sequence bigint PRIMARY KEY,
    id text COLLATE "C" NOT NULL,
    body text NOT NULL
);

-- The stock of one SKU in one store.
CREATE TABLE surestock.levels (
    store_id text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    on_hand bigint NOT NULL CHECK (on_hand <= 9007199254740991),
    reserved bigint NOT NULL CHECK (reserved >= 0),
    version bigint NOT NULL CHECK (version >= 1),
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (store_id, sku),
    CHECK (on_hand >= reserved)
) WITH (fillfactor = 80);

-- Which record gave a level which version.
CREATE TABLE surestock.versions (
    store_id text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (store_id, sku, version)
);

-- Reservations, as JSON.
CREATE TABLE surestock.reservations (
    id text COLLATE "C" PRIMARY KEY,
    body text NOT NULL
) WITH (fillfactor = 80);

-- The lines of the active reservations that run out: what is due is found here.
CREATE TABLE surestock.holds (
    store_id text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    expires_at timestamptz NOT NULL,
    reservation_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (store_id, sku, expires_at, reservation_id)
);
CREATE INDEX holds_by_time ON surestock.holds (expires_at);

-- Products, carts and checkouts, as JSON.
CREATE TABLE surestock.documents (
    kind text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (kind, id)
) WITH (fillfactor = 80);

-- Which record answered an idempotency key. The digest is that of the key and its scope.
CREATE TABLE surestock.answers (
    digest bytea PRIMARY KEY,
    sequence bigint NOT NULL,
    answered_at timestamptz NOT NULL
);
CREATE INDEX answers_by_time ON surestock.answers (answered_at);

-- What only one process does at a time, and who does it until when, by the database's clock.
CREATE TABLE surestock.chores (
    name text COLLATE "C" PRIMARY KEY,
    holder text NOT NULL,
    held_until timestamptz NOT NULL
);
