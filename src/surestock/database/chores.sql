-- name: hold
INSERT INTO surestock.chores AS chore (name, holder, held_until)
VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
ON CONFLICT (name) DO UPDATE
SET holder = excluded.holder, held_until = clock_timestamp() + make_interval(secs => $3)
WHERE chore.holder = excluded.holder OR chore.held_until <= clock_timestamp()
RETURNING true;
