-- name: look
-- How far the log is, and which record stands at $1 now: a sequence is given to another record only
-- by a database that has lost what was committed.
SELECT head.sequence, newest.id, known.id AS known_id
FROM surestock.head
LEFT JOIN surestock.records AS newest ON newest.sequence = head.sequence
LEFT JOIN surestock.records AS known ON known.sequence = $1
WHERE head.only_row
