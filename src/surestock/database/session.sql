-- limits: what ends this session on the server's side when its client has gone without a word, and
-- what bounds its waits for locks. Keepalives do not run while an answer is on its way: the user
-- time-out does, and is what they are in sum. There is no statement_timeout, whatever a role or a
-- database says: it would end the wait for the synchronous standby, and the server would call that a
-- success. Each statement has to see what was committed before it, so the isolation is fixed, too.
-- What is done here finds rows by their keys: a plan that was made while the tables were empty must
-- not read all of them later.

-- name: limits
SET lock_timeout = {lock_ms};
SET statement_timeout = 0;
SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout';
SET idle_in_transaction_session_timeout = {deadline_ms};
SET tcp_keepalives_idle = {deadline_s};
SET tcp_keepalives_interval = {deadline_s};
SET tcp_keepalives_count = 3;
SET tcp_user_timeout = '{gone_s}s';
SET default_transaction_isolation = 'read committed';
SET default_transaction_read_only = off;
SET default_transaction_deferrable = off;
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
