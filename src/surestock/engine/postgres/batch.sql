-- What a batch of commands reads and writes, in this order, in one transaction.

-- name: lock_documents
-- $1 kinds, $2 ids. Sorted, so that two transactions never wait for each other.
SELECT kind, id, body
FROM surestock.documents
WHERE (kind, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))
ORDER BY kind, id
FOR UPDATE

-- name: lock_free_documents
SELECT kind, id, body
FROM surestock.documents
WHERE (kind, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))
ORDER BY kind, id
FOR UPDATE SKIP LOCKED

-- name: lock_levels
-- $1 stores, $2 SKUs.
SELECT store_id, sku, on_hand, reserved, version, updated_at
FROM surestock.levels
WHERE (store_id, sku) IN (SELECT * FROM unnest($1::text[], $2::text[]))
ORDER BY store_id, sku
FOR UPDATE

-- name: lock_free_levels
SELECT store_id, sku, on_hand, reserved, version, updated_at
FROM surestock.levels
WHERE (store_id, sku) IN (SELECT * FROM unnest($1::text[], $2::text[]))
ORDER BY store_id, sku
FOR UPDATE SKIP LOCKED

-- name: look_around
-- $1 stores, $2 SKUs, $3 now, $4 ids of reservations, $5 digests of keys. Reservations that are due
-- on a level or were named, and the records that answered the keys.
SELECT NULL::bytea AS digest, NULL::timestamptz AS answered_at, body
FROM surestock.reservations
WHERE id IN (
    SELECT unnest($4::text[])
    UNION
    SELECT reservation_id
    FROM surestock.holds
    WHERE (store_id, sku) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND expires_at <= $3
)
UNION ALL
SELECT answers.digest, answers.answered_at, records.body
FROM surestock.answers JOIN surestock.records USING (sequence)
WHERE answers.digest = ANY($5::bytea[])

-- name: present_levels
SELECT store_id, sku
FROM surestock.levels
WHERE (store_id, sku) IN (SELECT * FROM unnest($1::text[], $2::text[]))

-- name: present_documents
SELECT kind, id
FROM surestock.documents
WHERE (kind, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))

-- name: find_levels
SELECT store_id, sku, on_hand, reserved, version, updated_at
FROM surestock.levels
WHERE (store_id, sku) IN (SELECT * FROM unnest($1::text[], $2::text[]))

-- name: find_documents
SELECT kind, id, body
FROM surestock.documents
WHERE (kind, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))

-- name: find_reservations
SELECT body FROM surestock.reservations WHERE id = ANY($1::text[])

-- name: hold_head
-- From here on nobody else commits.
SELECT sequence FROM surestock.head FOR UPDATE

-- name: stand_by
-- As a statement of its own its commit waits until a synchronous standby has all that was seen before
-- it. Where none is wanted it locks nothing, so there is nothing to wait for. Two never wait at once:
-- a session that was given up goes on waiting, and there must not be more and more of them.
SELECT FROM surestock.head WHERE current_setting('synchronous_standby_names') <> '' FOR UPDATE

-- name: id_of_record
SELECT id FROM surestock.records WHERE sequence = $1

-- name: write
-- Take the head, and write all that a batch writes but documents. Records are numbered from the head
-- on: $30 stands in their JSON for the member that tells it, and a row that tells of a record comes
-- with its number in the batch. Rows may be written before the head is had: they are locked, or new,
-- and then the head is. Returns the sequence before the first, and how many keys were answered.
-- $1-$3 records; $4-$7 versions; $8-$13 levels; $14-$15 reservations; $16-$19 holds that end;
-- $20-$23 holds that begin; $24-$25 digests of keys, and $26-$27 of batches, with their records;
-- $28 when they were answered; $29 what was answered then or before is forgotten.
WITH
taken AS (
    UPDATE surestock.head SET sequence = sequence + cardinality($1::bigint[])
    RETURNING sequence - cardinality($1::bigint[]) AS base
),
written_records AS (
    INSERT INTO surestock.records (sequence, id, body)
    SELECT base + number, id, replace(body, $30::text, '"sequence":' || (base + number)::text)
    FROM taken, unnest($1::bigint[], $2::text[], $3::text[]) AS new (number, id, body)
),
written_versions AS (
    INSERT INTO surestock.versions (store_id, sku, version, sequence)
    SELECT store_id, sku, version, base + number
    FROM taken, unnest($4::text[], $5::text[], $6::bigint[], $7::bigint[])
        AS new (store_id, sku, version, number)
),
written_levels AS (
    INSERT INTO surestock.levels (store_id, sku, on_hand, reserved, version, updated_at)
    SELECT * FROM unnest(
        $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::timestamptz[]
    )
    ON CONFLICT (store_id, sku) DO UPDATE
    SET on_hand = excluded.on_hand,
        reserved = excluded.reserved,
        version = excluded.version,
        updated_at = excluded.updated_at
),
written_reservations AS (
    INSERT INTO surestock.reservations (id, body)
    SELECT * FROM unnest($14::text[], $15::text[])
    ON CONFLICT (id) DO UPDATE SET body = excluded.body
),
ended_holds AS (
    DELETE FROM surestock.holds
    WHERE (store_id, sku, expires_at, reservation_id) IN (
        SELECT * FROM unnest($16::text[], $17::text[], $18::timestamptz[], $19::text[])
    )
),
begun_holds AS (
    INSERT INTO surestock.holds (store_id, sku, expires_at, reservation_id)
    SELECT * FROM unnest($20::text[], $21::text[], $22::timestamptz[], $23::text[])
),
written_batches AS (
    INSERT INTO surestock.answers (digest, sequence, answered_at)
    SELECT digest, base + number, $28::timestamptz
    FROM taken, unnest($26::bytea[], $27::bigint[]) AS new (digest, number)
    ON CONFLICT (digest) DO UPDATE
    SET sequence = excluded.sequence, answered_at = excluded.answered_at
    WHERE answers.answered_at <= $29::timestamptz
    RETURNING 1
),
written_answers AS (
    INSERT INTO surestock.answers (digest, sequence, answered_at)
    SELECT digest, base + number, $28::timestamptz
    FROM taken, unnest($24::bytea[], $25::bigint[]) AS new (digest, number)
    ON CONFLICT (digest) DO UPDATE
    SET sequence = excluded.sequence, answered_at = excluded.answered_at
    WHERE answers.answered_at <= $29::timestamptz
    RETURNING 1
)
SELECT
    base,
    (SELECT count(*) FROM written_answers) + (SELECT count(*) FROM written_batches) AS answered
FROM taken

-- name: add_documents
INSERT INTO surestock.documents (kind, id, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[])

-- name: replace_documents
INSERT INTO surestock.documents (kind, id, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body

-- name: drop_documents
DELETE FROM surestock.documents
WHERE (kind, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))
