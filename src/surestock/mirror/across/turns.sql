-- name: session
-- The durability is what the session began with: what is settled below does not count for it.
SELECT
    pg_backend_pid() AS pid,
    activity.backend_start AS since,
    (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit') AS durability
FROM (VALUES (1)) AS always
LEFT JOIN pg_stat_activity AS activity ON activity.pid = pg_backend_pid();

-- name: settle
-- A turn need not outlive the server: a restart ends all sessions, so it frees all turns anyway.
SET synchronous_commit = off;
SET idle_session_timeout = 0;

-- name: sweep
-- A session that is gone never comes back, so what it had may go, too; but only what it had: a row
-- that somebody takes meanwhile is another's then, and stays. Nobody is waited for.
WITH gone AS MATERIALIZED (
    SELECT DISTINCT turn.backend_pid, turn.backend_start
    FROM surestock.turns AS turn
    WHERE NOT EXISTS (
        SELECT FROM pg_stat_activity AS activity
        WHERE activity.pid = turn.backend_pid
        AND coalesce(activity.backend_start = turn.backend_start, true)
    )
),
free AS MATERIALIZED (
    SELECT turn.user_id
    FROM surestock.turns AS turn, gone
    WHERE (turn.backend_pid, turn.backend_start) = (gone.backend_pid, gone.backend_start)
    FOR UPDATE OF turn SKIP LOCKED
)
DELETE FROM surestock.turns AS turn USING free
WHERE turn.user_id = free.user_id;

-- name: take
-- The sessions have to be looked at when the row is locked, and never before: who has it may have
-- come meanwhile. PostgreSQL does so here, as long as nothing else in the statement reads them, for
-- it keeps the first answer until the statement ends. A role that may not see when another one's
-- session began sees NULL: that session counts as the holder's.
INSERT INTO surestock.turns AS turn (user_id, backend_pid, backend_start, holder)
VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id) DO UPDATE
SET backend_pid = excluded.backend_pid,
    backend_start = excluded.backend_start,
    holder = excluded.holder
WHERE NOT EXISTS (
    SELECT FROM pg_stat_activity AS activity
    WHERE activity.pid = turn.backend_pid
    AND coalesce(activity.backend_start = turn.backend_start, true)
)
RETURNING true;

-- name: confirm
-- A change, and one that a standby acknowledges if there is one that has to: a primary that was
-- replaced and does not know it yet confirms nothing.
WITH durably AS MATERIALIZED (SELECT set_config('synchronous_commit', $4, true))
UPDATE surestock.turns AS turn SET holder = turn.holder FROM durably
WHERE (turn.user_id, turn.backend_pid, turn.backend_start) = ($1, $2, $3)
RETURNING true;

-- name: give
DELETE FROM surestock.turns AS turn
WHERE (turn.user_id, turn.backend_pid, turn.backend_start) = ($1, $2, $3);
