-- name: insert_automation
-- A draft.
INSERT INTO automation (workspace_id, automation_id, name, version, created_us, changed_us)
VALUES ($1, $2, $3, 1, $4, $4) ON CONFLICT (workspace_id, name) DO NOTHING RETURNING automation_id;

-- name: insert_version
-- What it says from now on; a version never changes.
INSERT INTO automation_version (workspace_id, automation_id, version, definition, made_by, made_us)
VALUES ($1, $2, $3, $4::json, $5, $6);

-- name: raise_version
-- The next draft.
UPDATE automation SET version = version + 1, changed_us = $3 WHERE workspace_id = $1 AND automation_id = $2
RETURNING version;

-- name: lock_automation
-- Ours until the commit.
SELECT FROM automation WHERE workspace_id = $1 AND automation_id = $2 FOR UPDATE;

-- name: list_automations
-- All by name, or one, with their newest definitions and how many runs go on.
SELECT a.automation_id, a.name, a.status, a.version, a.live_version, a.created_us, a.changed_us, v.definition
FROM automation AS a JOIN automation_version AS v
     ON v.workspace_id = a.workspace_id AND v.automation_id = a.automation_id AND v.version = a.version
WHERE a.workspace_id = $1 AND ($2::uuid IS NULL OR a.automation_id = $2) ORDER BY a.name;

-- name: count_runs
-- Of one automation: those that go on, and those that ended, by reason.
SELECT coalesce(reason, 'going_on') AS state, count(*) AS runs FROM run
WHERE workspace_id = $1 AND automation_id = $2 GROUP BY 1 ORDER BY 1;

-- name: read_versions
-- Definitions by automation and version; of one that is replaced, that in its place.
SELECT v.automation_id, v.version, n.definition FROM automation_version AS v
JOIN unnest($2::uuid[], $3::int[]) AS w(automation_id, version)
     ON w.automation_id = v.automation_id AND w.version = v.version
JOIN automation_version AS n ON n.workspace_id = v.workspace_id AND n.automation_id = v.automation_id
     AND n.version = coalesce(v.replaced_by, v.version)
WHERE v.workspace_id = $1;

-- name: lock_automations
-- All, ours until the commit; in order, as everybody who takes several.
SELECT FROM automation WHERE workspace_id = $1 AND status <> 'archived' ORDER BY automation_id FOR UPDATE;

-- name: versions_in_use
-- Of one automation: the newest, the live one, and those by which runs go on; each as it is replaced.
SELECT n.version, n.definition FROM automation_version AS n
WHERE n.workspace_id = $1 AND n.automation_id = $2 AND n.version IN (
    SELECT coalesce(v.replaced_by, v.version) FROM automation_version AS v JOIN automation AS a
        ON a.workspace_id = v.workspace_id AND a.automation_id = v.automation_id
    WHERE v.workspace_id = $1 AND v.automation_id = $2 AND (v.version IN (a.version, a.live_version) OR EXISTS (
        SELECT FROM run AS r WHERE r.workspace_id = $1 AND r.automation_id = $2 AND r.version = v.version
            AND r.ended_us IS NULL)))
ORDER BY n.version;

-- name: replace_version
-- Whoever goes by `$3`, or by one that it had replaced, goes by `$4`.
UPDATE automation_version SET replaced_by = $4
WHERE workspace_id = $1 AND automation_id = $2 AND (version = $3 OR replaced_by = $3);

-- name: replace_live_version
-- New runs as well.
UPDATE automation SET live_version = $4 WHERE workspace_id = $1 AND automation_id = $2 AND live_version = $3;

-- name: pause_automation
-- What it goes by stays.
UPDATE automation SET status = 'paused', changed_us = $3 WHERE workspace_id = $1 AND automation_id = $2;

-- name: publish_version
-- When it first went live.
UPDATE automation_version SET published_us = $4
WHERE workspace_id = $1 AND automation_id = $2 AND version = $3 AND published_us IS NULL;

-- name: set_status
-- `$4`: the version by which new runs go.
UPDATE automation SET status = $3, live_version = $4, changed_us = $5 WHERE workspace_id = $1 AND automation_id = $2;

-- name: list_live
-- What listens to events.
SELECT a.automation_id, v.version, v.definition FROM automation AS a JOIN automation_version AS v
     ON v.workspace_id = a.workspace_id AND v.automation_id = a.automation_id AND v.version = a.live_version
WHERE a.workspace_id = $1 AND a.status = 'live' ORDER BY a.automation_id;

-- name: own_entries
-- Who comes in again is decided by one transaction of a workspace at a time.
SELECT pg_advisory_xact_lock(hashtextextended('entries ' || $1::uuid::text, 0));

-- name: insert_runs
-- In sorted order; one that its cause has already started stays as it is.
INSERT INTO run (workspace_id, run_id, automation_id, version, profile_id, cause, cause_id, occurred_at, node,
                 due_us, begun_us)
SELECT $1, run_id, automation_id, version, profile_id, 'event', cause_id, occurred_at, node, $9, $9
FROM unnest($2::uuid[], $3::uuid[], $4::int[], $5::uuid[], $6::uuid[], $7::timestamptz[], $8::text[])
     AS r(run_id, automation_id, version, profile_id, cause_id, occurred_at, node)
ORDER BY run_id
ON CONFLICT (workspace_id, run_id) DO NOTHING RETURNING run_id;

-- name: find_formers
-- Runs of some members in some automations.
SELECT profile_id, automation_id, run_id, begun_us, ended_us FROM run
WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]) AND automation_id = ANY($3::uuid[]);

-- name: wake_runner
-- After the commit there are runs that are due.
SELECT pg_notify($1, '');

-- name: find_workspaces_with_runs
-- Who has runs that are due; then one workspace after the other.
SELECT w.workspace_id FROM workspace AS w WHERE EXISTS (
    SELECT FROM run AS r WHERE r.workspace_id = w.workspace_id AND r.ended_us IS NULL AND r.due_us <= $1);

-- name: claim_runs
-- The longest due, ours until the commit: the row's lock is the lease, and what a dead worker held is free again.
SELECT r.run_id, r.automation_id, r.version, r.profile_id, r.cause_id,
       (extract(epoch FROM r.occurred_at) * 1000000)::bigint AS occurred_at_us, r.node, r.begun_us, r.due_us,
       r.entered_us, r.steps
FROM run AS r WHERE r.workspace_id = $1 AND r.ended_us IS NULL AND r.due_us <= $2
ORDER BY r.due_us LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED;

-- name: claim_run
-- One of them.
SELECT r.run_id, r.automation_id, r.version, r.profile_id, r.cause_id,
       (extract(epoch FROM r.occurred_at) * 1000000)::bigint AS occurred_at_us, r.node, r.begun_us, r.due_us,
       r.entered_us, r.steps
FROM run AS r WHERE r.workspace_id = $1 AND r.run_id = $3 AND r.ended_us IS NULL AND r.due_us <= $2
FOR NO KEY UPDATE SKIP LOCKED;

-- name: find_statuses
-- Of some automations; nobody publishes, pauses or archives one meanwhile.
SELECT automation_id, status FROM automation WHERE workspace_id = $1 AND automation_id = ANY($2::uuid[])
ORDER BY automation_id FOR SHARE;

-- name: update_runs
-- Where they stand now.
UPDATE run AS r SET node = n.node, entered_us = n.entered_us, due_us = n.due_us, steps = n.steps,
    ended_us = n.ended_us, reason = n.reason, failures = 0
FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::int[], $7::bigint[], $8::text[])
     AS n(run_id, node, entered_us, due_us, steps, ended_us, reason)
WHERE r.workspace_id = $1 AND r.run_id = n.run_id;

-- name: park_runs
-- Due while their automation is paused: not looked at again until it goes on.
UPDATE run SET due_us = NULL WHERE workspace_id = $1 AND run_id = ANY($2::uuid[]);

-- name: unpark_runs
-- It goes on.
UPDATE run SET due_us = $3 WHERE workspace_id = $1 AND automation_id = $2 AND ended_us IS NULL AND due_us IS NULL;

-- name: postpone_run
-- After a failure: later, or never again after the last.
UPDATE run SET failures = failures + 1, last_error = $3, due_us = $4::bigint + 1000000 * (2 ^ failures)::bigint,
    ended_us = CASE WHEN failures + 1 >= $5 THEN $4 END, reason = CASE WHEN failures + 1 >= $5 THEN 'failed' END
WHERE workspace_id = $1 AND run_id = $2 AND ended_us IS NULL;

-- name: end_runs_of
-- Of some members, who are erased.
UPDATE run SET ended_us = (extract(epoch FROM now()) * 1000000)::bigint, reason = 'erased'
WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]) AND ended_us IS NULL RETURNING run_id;

-- name: list_runs
-- Of one automation, newest first.
SELECT run_id, profile_id, cause_id, version, node, entered_us, due_us, steps, begun_us, ended_us, reason, last_error
FROM run WHERE workspace_id = $1 AND automation_id = $2 AND ($3::uuid[] IS NULL OR profile_id = ANY($3))
ORDER BY begun_us DESC, run_id LIMIT $4;

-- name: list_runs_of
-- Of some members, newest first, with the automations that they are of.
SELECT r.automation_id, a.name, run_id, profile_id, cause_id, r.version, node, entered_us, due_us, steps, begun_us,
    ended_us, reason, last_error
FROM run AS r JOIN automation AS a ON a.workspace_id = r.workspace_id AND a.automation_id = r.automation_id
WHERE r.workspace_id = $1 AND profile_id = ANY($2::uuid[])
ORDER BY begun_us DESC, run_id LIMIT $3;
