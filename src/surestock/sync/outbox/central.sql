-- What folds the records into the view, and reads it. Whoever writes has the head's lock.

-- name: try_head
-- The head, unless somebody else has it. $1 how long ago the letters were tried, to be due again.
SELECT sequence, opened_letters, open_letters, draining, stopped,
    coalesce(worker_seen_at < now() - interval '1 second', true) AS is_unseen,
    coalesce(retried_at < now() - $1::interval, true) AS is_due
FROM surestock.central_head
WHERE only_row
FOR UPDATE SKIP LOCKED

-- name: wait_for_head
SELECT sequence, opened_letters, open_letters, draining, stopped,
    coalesce(worker_seen_at < now() - interval '1 second', true) AS is_unseen,
    coalesce(retried_at < now() - $1::interval, true) AS is_due
FROM surestock.central_head
WHERE only_row
FOR UPDATE

-- name: next_records
-- Up to the log's head: while a log is moved in, records stand beyond it that are not yet told of.
SELECT sequence, body
FROM surestock.records
WHERE sequence > $1 AND sequence <= (SELECT sequence FROM surestock.head WHERE only_row)
ORDER BY sequence
LIMIT $2

-- name: records
SELECT sequence, body
FROM surestock.records
WHERE sequence = ANY($1::bigint[])

-- name: levels
-- $1 stores, $2 SKUs.
SELECT store_id, sku, on_hand, reserved, version, updated_at
FROM surestock.central
WHERE (sku, store_id) IN (SELECT * FROM unnest($2::text[], $1::text[]))

-- name: doubts
-- Of the SKUs in $1: their doubts, and the letters that stop them.
SELECT doubts.sku, doubts.stale, doubts.parked,
    letters.sequence, letters.idx, letters.store_id, letters.status, letters.attempts,
    letters.error, letters.failed_at, letters.reason
FROM surestock.central_doubts AS doubts
LEFT JOIN surestock.central_letters AS letters
    ON letters.sequence = doubts.letter_sequence AND letters.idx = doubts.letter_idx
WHERE doubts.sku = ANY($1::text[])

-- name: parked
-- The first $2 parked changes of each SKU in $1.
SELECT wanted.sku, first.sequence, first.idx
FROM unnest($1::text[]) AS wanted (sku)
CROSS JOIN LATERAL (
    SELECT parked.sequence, parked.idx
    FROM surestock.central_parked AS parked
    WHERE parked.sku = wanted.sku
    ORDER BY parked.sequence, parked.idx
    LIMIT $2
) AS first
ORDER BY wanted.sku, first.sequence, first.idx

-- name: retrying
-- The first $3 letters after ($1, $2) that are tried again by themselves.
SELECT sequence, idx, sku
FROM surestock.central_letters
WHERE status = 'retrying' AND (sequence, idx) > ($1, $2)
ORDER BY sequence, idx
LIMIT $3

-- name: draining
SELECT sku
FROM surestock.central_doubts
WHERE draining
ORDER BY sku
LIMIT $1

-- name: put_levels
INSERT INTO surestock.central (sku, store_id, on_hand, reserved, version, updated_at)
SELECT *
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::timestamptz[])
ON CONFLICT (sku, store_id) DO UPDATE
SET on_hand = excluded.on_hand,
    reserved = excluded.reserved,
    version = excluded.version,
    updated_at = excluded.updated_at

-- name: put_letter
INSERT INTO surestock.central_letters
    (sequence, idx, store_id, sku, status, attempts, error, failed_at, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (sequence, idx) DO UPDATE
SET status = excluded.status,
    attempts = excluded.attempts,
    error = excluded.error,
    reason = excluded.reason

-- name: put_doubt
INSERT INTO surestock.central_doubts
    (sku, stale, letter_sequence, letter_idx, parked, draining)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (sku) DO UPDATE
SET stale = excluded.stale,
    letter_sequence = excluded.letter_sequence,
    letter_idx = excluded.letter_idx,
    parked = excluded.parked,
    draining = excluded.draining

-- name: drop_doubts
DELETE FROM surestock.central_doubts
WHERE sku = ANY($1::text[])

-- name: park
INSERT INTO surestock.central_parked (sku, sequence, idx)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::integer[])

-- name: unpark
-- What of SKU $1 was parked up to ($2, $3) waits no more.
DELETE FROM surestock.central_parked
WHERE sku = $1 AND (sequence, idx) <= ($2, $3)

-- name: put_head
-- $6 whether a worker does this, $7 whether letters were tried.
UPDATE surestock.central_head
SET sequence = $1,
    opened_letters = $2,
    open_letters = $3,
    draining = $4,
    stopped = $5,
    worker_seen_at = CASE WHEN $6 THEN now() ELSE worker_seen_at END,
    retried_at = CASE WHEN $7 THEN now() ELSE retried_at END
WHERE only_row

-- name: tide
-- How far the view and the log are, and the first record that is not in the view. $1 is how long
-- ago a worker was seen, to be gone.
SELECT view.sequence, view.opened_letters, view.open_letters, view.stopped,
    coalesce(view.worker_seen_at > now() - $1::interval, false) AS is_kept,
    log.sequence AS durable,
    (
        SELECT body FROM surestock.records WHERE records.sequence = view.sequence + 1
    ) AS next_body
FROM surestock.central_head AS view
CROSS JOIN surestock.head AS log
WHERE view.only_row AND log.only_row

-- name: find
SELECT head.sequence, head.stopped,
    EXISTS (SELECT 1 FROM surestock.central_doubts WHERE sku = $1) AS is_in_doubt,
    levels.store_id, levels.sku, levels.on_hand, levels.reserved, levels.version,
    levels.updated_at
FROM surestock.central_head AS head
LEFT JOIN surestock.central AS levels ON levels.sku = $1
WHERE head.only_row
ORDER BY levels.store_id

-- name: page
-- The first $2 SKUs after $1.
WITH wanted AS (
    SELECT sku
    FROM (
        (
            SELECT DISTINCT sku FROM surestock.central WHERE sku > $1 ORDER BY sku LIMIT $2
        )
        UNION
        (
            SELECT sku FROM surestock.central_doubts WHERE sku > $1 ORDER BY sku LIMIT $2
        )
    ) AS known
    ORDER BY sku
    LIMIT $2
)
SELECT head.sequence, head.stopped, wanted.sku AS known, doubts.sku IS NOT NULL AS is_in_doubt,
    levels.store_id, levels.sku, levels.on_hand, levels.reserved, levels.version,
    levels.updated_at
FROM surestock.central_head AS head
LEFT JOIN wanted ON true
LEFT JOIN surestock.central_doubts AS doubts ON doubts.sku = wanted.sku
LEFT JOIN surestock.central AS levels ON levels.sku = wanted.sku
WHERE head.only_row
ORDER BY wanted.sku, levels.store_id

-- name: letters
-- The first $3 letters after ($1, $2).
SELECT head.sequence AS applied, head.stopped,
    letters.sequence, letters.idx, letters.store_id, letters.sku, letters.status, letters.attempts,
    letters.error, letters.failed_at, letters.reason, coalesce(doubts.parked, 0) AS parked
FROM surestock.central_head AS head
LEFT JOIN (
    SELECT *
    FROM surestock.central_letters
    WHERE (sequence, idx) > ($1, $2)
    ORDER BY sequence, idx
    LIMIT $3
) AS letters ON true
LEFT JOIN surestock.central_doubts AS doubts
    ON doubts.sku = letters.sku
    AND doubts.letter_sequence = letters.sequence
    AND doubts.letter_idx = letters.idx
WHERE head.only_row
ORDER BY letters.sequence, letters.idx

-- name: letter
SELECT letters.sequence, letters.idx, letters.store_id, letters.sku, letters.status,
    letters.attempts, letters.error, letters.failed_at, letters.reason,
    coalesce(doubts.parked, 0) AS parked
FROM surestock.central_letters AS letters
LEFT JOIN surestock.central_doubts AS doubts
    ON doubts.sku = letters.sku
    AND doubts.letter_sequence = letters.sequence
    AND doubts.letter_idx = letters.idx
WHERE letters.sequence = $1 AND letters.idx = $2

-- name: oldest_needed
SELECT least(
    (SELECT sequence + 1 FROM surestock.central_head WHERE only_row),
    (SELECT min(sequence) FROM surestock.central_parked),
    (
        SELECT min(letters.sequence)
        FROM surestock.central_doubts AS doubts
        INNER JOIN surestock.central_letters AS letters
            ON letters.sequence = doubts.letter_sequence AND letters.idx = doubts.letter_idx
        WHERE letters.status IN ('retrying', 'dead')
    )
)
