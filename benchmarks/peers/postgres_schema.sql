-- The textbook's tables. The idempotency row names the event that it led to, so that a replay
-- needs no second copy of the answer.
CREATE TABLE stock (
    store_id   text        NOT NULL,
    sku        text        NOT NULL,
    on_hand    bigint      NOT NULL,
    reserved   bigint      NOT NULL DEFAULT 0,
    version    bigint      NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (store_id, sku),
    CHECK (on_hand >= reserved AND reserved >= 0)
);
CREATE TABLE event (
    sequence       bigint      PRIMARY KEY,
    reservation_id uuid        NOT NULL,
    store_id       text        NOT NULL,
    sku            text        NOT NULL,
    qty            bigint      NOT NULL,
    on_hand        bigint      NOT NULL,
    reserved       bigint      NOT NULL,
    version        bigint      NOT NULL,
    at             timestamptz NOT NULL,
    expires_at     timestamptz,
    reference      text
);
CREATE SEQUENCE event_sequence OWNED BY event.sequence;
CREATE TABLE idempotency (
    key         text   PRIMARY KEY,
    fingerprint text   NOT NULL,
    sequence    bigint NOT NULL
);
