-- name: levels
-- $1 stores, $2 SKUs, $3 now. With each level the reservations that are due on it: one snapshot.
SELECT store_id, sku, on_hand, reserved, version, updated_at, (
    SELECT array_agg(reservations.body)
    FROM surestock.holds JOIN surestock.reservations ON reservations.id = holds.reservation_id
    WHERE holds.store_id = levels.store_id AND holds.sku = levels.sku AND holds.expires_at <= $3
) AS due
FROM surestock.levels
WHERE (store_id, sku) IN (SELECT * FROM unnest($1::text[], $2::text[]))

-- name: page_of_levels
-- $1 store, $2 after this SKU, $3 now, $4 how many.
SELECT store_id, sku, on_hand, reserved, version, updated_at, (
    SELECT array_agg(reservations.body)
    FROM surestock.holds JOIN surestock.reservations ON reservations.id = holds.reservation_id
    WHERE holds.store_id = levels.store_id AND holds.sku = levels.sku AND holds.expires_at <= $3
) AS due
FROM surestock.levels
WHERE store_id = $1 AND sku > $2
ORDER BY sku
LIMIT $4

-- name: settle_levels
-- Waits for whoever has these levels locked, and so for what was decided about them in time. In a
-- transaction that is rolled back: the commit of one that locked something waits for a standby.
SELECT 1
FROM surestock.levels
WHERE (store_id, sku) IN (SELECT * FROM unnest($1::text[], $2::text[]))
ORDER BY store_id, sku
FOR SHARE

-- name: reservation
SELECT body FROM surestock.reservations WHERE id = $1

-- name: document
SELECT body FROM surestock.documents WHERE kind = $1 AND id = $2

-- name: page_of_documents
SELECT body FROM surestock.documents WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3

-- name: records
SELECT body FROM surestock.records WHERE sequence > $1 ORDER BY sequence LIMIT $2

-- name: deleted_through
SELECT deleted_through FROM surestock.head

-- name: newest_version
SELECT version FROM surestock.levels WHERE store_id = $1 AND sku = $2

-- name: oldest_version
SELECT version FROM surestock.versions
WHERE store_id = $1 AND sku = $2
ORDER BY version
LIMIT 1

-- name: sequence_of_version
SELECT sequence FROM surestock.versions WHERE store_id = $1 AND sku = $2 AND version = $3

-- name: history
-- The records that gave a level its versions from $3 on.
SELECT records.body
FROM (
    SELECT version, sequence
    FROM surestock.versions
    WHERE store_id = $1 AND sku = $2 AND version >= $3
    ORDER BY version
    LIMIT $4
) AS found
JOIN surestock.records USING (sequence)
ORDER BY found.version

-- name: answer
SELECT records.body
FROM surestock.answers JOIN surestock.records USING (sequence)
WHERE answers.digest = $1

-- name: due_levels
SELECT DISTINCT store_id, sku FROM surestock.holds WHERE expires_at <= $1 LIMIT $2

-- name: forget_answers
-- $1 now, as this process has it, $2 how long a key stands, $3 how many. A clock that is far ahead
-- must not take keys from those whose clocks are right. Locked first, as they are by then: a key that
-- is used again meanwhile has the old digest, and is young.
WITH old AS MATERIALIZED (
    SELECT digest
    FROM surestock.answers
    WHERE answered_at <= least($1::timestamptz, now()) - $2::interval
    ORDER BY answered_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED
)
DELETE FROM surestock.answers USING old WHERE answers.digest = old.digest

-- name: clock
SELECT clock_timestamp()
