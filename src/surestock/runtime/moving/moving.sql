-- name: lock_head
SELECT sequence, deleted_through FROM surestock.head FOR UPDATE;

-- name: holds_anything
SELECT EXISTS (SELECT 1 FROM surestock.records)
    OR EXISTS (SELECT 1 FROM surestock.versions)
    OR EXISTS (SELECT 1 FROM surestock.levels)
    OR EXISTS (SELECT 1 FROM surestock.reservations)
    OR EXISTS (SELECT 1 FROM surestock.documents)
    OR EXISTS (SELECT 1 FROM surestock.answers)
    OR EXISTS (SELECT 1 FROM surestock.central)
    OR EXISTS (SELECT 1 FROM surestock.central_letters)
    OR EXISTS (SELECT 1 FROM surestock.base);

-- name: first_record
SELECT min(sequence) FROM surestock.records;

-- name: begin
INSERT INTO surestock.moving (only_row, through, crc, source) VALUES (true, $1, $2, $3);

-- name: advance
UPDATE surestock.moving SET through = $2, crc = $3 WHERE through = $1 RETURNING through;

-- name: answers
INSERT INTO surestock.answers (digest, sequence, answered_at)
SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::timestamptz[])
ON CONFLICT (digest) DO NOTHING;

-- name: still_moving
SELECT through FROM surestock.moving WHERE through = $1 FOR UPDATE;

-- name: set_head
UPDATE surestock.head SET sequence = $1, deleted_through = $2
WHERE sequence = 0 AND deleted_through = 0
RETURNING sequence;

-- name: set_central_head
UPDATE surestock.central_head SET sequence = $1;

-- name: end
DELETE FROM surestock.moving;

-- name: others
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND application_name LIKE 'surestock%' AND application_name <> 'surestock read';

-- name: hold_head
LOCK TABLE surestock.head IN SHARE MODE;

-- name: record_at
SELECT body FROM surestock.records WHERE sequence = $1;

-- name: deleted_through
SELECT deleted_through FROM surestock.head;
