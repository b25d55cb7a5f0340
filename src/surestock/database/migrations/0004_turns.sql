-- Which process has the turn of a user, by its session: that of one that is not there is free.
CREATE TABLE surestock.turns (
    user_id text COLLATE "C" PRIMARY KEY,
    backend_pid integer NOT NULL,
    backend_start timestamptz NOT NULL,
    holder text NOT NULL
) WITH (fillfactor = 50);
