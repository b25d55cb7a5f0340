-- The central view: the levels of the records up to its head, by SKU over all stores.

CREATE TABLE surestock.central_head (
    only_row boolean PRIMARY KEY CHECK (only_row),
    sequence bigint NOT NULL CHECK (sequence >= 0),
    worker_seen_at timestamptz
);
INSERT INTO surestock.central_head (only_row, sequence) VALUES (true, 0);

CREATE TABLE surestock.central (
    sku text COLLATE "C" NOT NULL,
    store_id text COLLATE "C" NOT NULL,
    on_hand bigint NOT NULL,
    reserved bigint NOT NULL,
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (sku, store_id)
) WITH (fillfactor = 80);
