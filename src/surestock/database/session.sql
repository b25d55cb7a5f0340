-- name: limits
-- What ends this session on the server's side when its client has gone without a word, and what
-- bounds its waits. Times in milliseconds where nothing else is said.
SET lock_timeout = {lock_ms};
SET statement_timeout = {deadline_ms};
SET idle_in_transaction_session_timeout = {deadline_ms};
SET tcp_keepalives_idle = {deadline_s};
SET tcp_keepalives_interval = {deadline_s};
SET tcp_keepalives_count = 3;

-- name: fitness
SELECT
    pg_is_in_recovery() AS is_standby,
    current_setting('fsync', true) AS fsync,
    current_setting('synchronous_commit', true) AS synchronous_commit,
    current_setting('server_encoding', true) AS encoding,
    current_setting('server_version_num')::integer AS version;
