-- The central view: the records up to its head, folded by SKU over all stores.

-- Who changes anything of the view has this row's lock. The counts are those of the tables below.
CREATE TABLE surestock.central_head (
    only_row boolean PRIMARY KEY CHECK (only_row),
    sequence bigint NOT NULL CHECK (sequence >= 0),
    opened_letters bigint NOT NULL CHECK (opened_letters >= 0),
    open_letters bigint NOT NULL CHECK (open_letters >= 0),
    draining bigint NOT NULL CHECK (draining >= 0),
    stopped text,
    worker_seen_at timestamptz,
    retried_at timestamptz
);
INSERT INTO surestock.central_head (only_row, sequence, opened_letters, open_letters, draining)
VALUES (true, 0, 0, 0, 0);

CREATE TABLE surestock.central (
    sku text COLLATE "C" NOT NULL,
    store_id text COLLATE "C" NOT NULL,
    on_hand bigint NOT NULL,
    reserved bigint NOT NULL,
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (sku, store_id)
) WITH (fillfactor = 80);

-- Changes that could not be folded: where each stands in the log, and what became of it.
CREATE TABLE surestock.central_letters (
    sequence bigint NOT NULL,
    idx integer NOT NULL,
    store_id text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    status text NOT NULL,
    attempts bigint NOT NULL,
    error text NOT NULL,
    failed_at timestamptz NOT NULL,
    reason text,
    PRIMARY KEY (sequence, idx)
);
CREATE INDEX central_letters_retrying ON surestock.central_letters (sequence, idx)
WHERE status = 'retrying';

-- The SKUs that cannot be trusted. A letter stops one, with so many changes parked behind it; it
-- drains when the letter has had its end and some are left. A level of a stale store misses a
-- change that was given up; an empty store means any.
CREATE TABLE surestock.central_doubts (
    sku text COLLATE "C" PRIMARY KEY,
    stale text[] NOT NULL,
    letter_sequence bigint,
    letter_idx integer,
    parked bigint NOT NULL CHECK (parked >= 0),
    draining boolean NOT NULL,
    CHECK (parked = 0 OR letter_sequence IS NOT NULL)
) WITH (fillfactor = 80);
CREATE INDEX central_doubts_draining ON surestock.central_doubts (sku) WHERE draining;

-- Where the parked changes stand in the log.
CREATE TABLE surestock.central_parked (
    sku text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    idx integer NOT NULL,
    PRIMARY KEY (sku, sequence, idx)
);
