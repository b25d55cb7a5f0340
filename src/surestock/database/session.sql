-- name: limits
-- What ends this session on the server's side when its client has gone without a word, and what
-- bounds its waits for locks. There is no statement_timeout: it would end a COMMIT's wait for the
-- synchronous standby, and the server would call that a success.
SET lock_timeout = {lock_ms};
SET idle_in_transaction_session_timeout = {deadline_ms};
SET tcp_keepalives_idle = {deadline_s};
SET tcp_keepalives_interval = {deadline_s};
SET tcp_keepalives_count = 3;
-- What is done here finds rows by their keys. A plan that was made while the tables were empty must
-- not read all of them later.
SET enable_seqscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET jit = off;

-- name: fitness
SELECT
    pg_is_in_recovery() AS is_standby,
    current_setting('fsync', true) AS fsync,
    current_setting('synchronous_commit', true) AS synchronous_commit,
    current_setting('server_encoding', true) AS encoding,
    current_setting('server_version_num')::integer AS version;
