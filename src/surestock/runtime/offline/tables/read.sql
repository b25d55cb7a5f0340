-- name: may_idle
SET idle_in_transaction_session_timeout = 0;

-- name: head
SELECT sequence, deleted_through FROM surestock.head;

-- name: base
SELECT part, body FROM surestock.base ORDER BY part;

-- name: count
SELECT count(*) FROM surestock.records;

-- name: records
SELECT sequence, id, body FROM surestock.records ORDER BY sequence;

-- name: levels
SELECT store_id, sku, on_hand, reserved, version, updated_at FROM surestock.levels;

-- name: levels_in_order
SELECT store_id, sku, on_hand, reserved, version, updated_at
FROM surestock.levels ORDER BY store_id, sku;

-- name: levels_by_sku
SELECT store_id, sku, on_hand, reserved, version, updated_at
FROM surestock.levels ORDER BY sku, store_id;

-- name: versions
SELECT store_id, sku, version, sequence FROM surestock.versions;

-- name: reservations
SELECT id, body FROM surestock.reservations;

-- name: due
SELECT body FROM surestock.reservations
WHERE id IN (SELECT reservation_id FROM surestock.holds WHERE expires_at <= $1);

-- name: holds
SELECT store_id, sku, expires_at, reservation_id FROM surestock.holds;

-- name: documents
SELECT kind, id, body FROM surestock.documents;

-- name: answers
SELECT answers.digest, answers.sequence, records.body
FROM surestock.answers LEFT JOIN surestock.records USING (sequence);

-- name: central_head
SELECT sequence FROM surestock.central_head;

-- name: doubted
SELECT sku FROM surestock.central_doubts;

-- name: central
SELECT store_id, sku, on_hand, reserved, version, updated_at FROM surestock.central;

-- name: history
SELECT records.body
FROM surestock.versions JOIN surestock.records USING (sequence)
WHERE versions.store_id = $1 AND versions.sku = $2
ORDER BY versions.sequence;
