-- name: insert_job
-- In the caller's transaction: the fact is there when what it tells is.
INSERT INTO job (workspace_id, job_id, kind, payload) VALUES ($1, $2, $3, $4);

-- name: find_due_workspaces
-- Who has work; then one workspace after the other.
SELECT DISTINCT workspace_id FROM job WHERE state = 'ready' AND run_at <= now() AND leased_until < now();

-- name: claim_job
-- The one that waits longest; the token fences a worker that slept past its lease.
UPDATE job SET token = $2, leased_until = now() + make_interval(secs => $3), attempts = attempts + 1
WHERE workspace_id = $1 AND job_id = (
    SELECT job_id FROM job
    WHERE workspace_id = $1 AND state = 'ready' AND run_at <= now() AND leased_until < now() AND attempts < $4
    ORDER BY run_at, job_id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING workspace_id, job_id, kind, payload, attempts, done;

-- name: hold_job
-- First in the handlers' transaction: still ours, and locked until the commit.
SELECT job_id FROM job WHERE workspace_id = $1 AND job_id = $2 AND token = $3 AND leased_until > now() FOR UPDATE;

-- name: finish_job
-- Last in it: a job that is done leaves nothing.
DELETE FROM job WHERE workspace_id = $1 AND job_id = $2 AND token = $3;

-- name: step_job
-- In its place: the next step when its turn comes, with all its attempts; what has waited longer goes first.
UPDATE job SET token = NULL, leased_until = '-infinity', attempts = 0, last_error = NULL, run_at = now(), done = $4
WHERE workspace_id = $1 AND job_id = $2 AND token = $3;

-- name: postpone_job
-- Again in $5 seconds, or never by itself after $6 attempts.
UPDATE job SET token = NULL, leased_until = '-infinity', last_error = $4,
    run_at = now() + make_interval(secs => $5),
    state = CASE WHEN attempts >= $6 THEN 'failed' ELSE 'ready' END
WHERE workspace_id = $1 AND job_id = $2 AND token = $3;

-- name: fail_lapsed
-- Those whose last allowed attempt took its worker with it.
UPDATE job SET token = NULL, leased_until = '-infinity', state = 'failed', last_error = 'its workers ended'
WHERE workspace_id = $1 AND state = 'ready' AND attempts >= $2 AND leased_until < now();

-- name: list_jobs
-- What waits or has failed, oldest first.
SELECT job_id, kind, state, run_at, attempts, done, last_error FROM job WHERE workspace_id = $1 ORDER BY job_id LIMIT $2;

-- name: retry_job
-- From the first attempt; the steps that are done stay done.
UPDATE job SET state = 'ready', attempts = 0, run_at = now()
WHERE workspace_id = $1 AND job_id = $2 AND state = 'failed'
RETURNING job_id, kind, state, run_at, attempts, done, last_error;

-- name: read_state
-- Of one that waits or has failed.
SELECT state FROM job WHERE workspace_id = $1 AND job_id = $2;

-- name: ask_task
-- The time, and in how many seconds a task is due: at once where it never ran, or where the clock was set back since.
SELECT now() AS now, coalesce((
    SELECT extract(epoch FROM begun_at - now()) + $2 FROM task_run WHERE name = $1 AND begun_at <= now()
), 0)::float8 AS wait_s;

-- name: note_task
-- It came to its end.
INSERT INTO task_run (name, begun_at) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET begun_at = excluded.begun_at;
