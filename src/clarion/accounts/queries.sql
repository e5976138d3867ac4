-- name: insert_workspace
-- A new tenant; its name and form are held by constraints.
INSERT INTO workspace (workspace_id, name, test, zone, data_key) VALUES ($1, $2, $3, $4, $5);

-- name: enter_workspace
-- The rest of this transaction sees the workspace that it just made.
SELECT set_config('clarion.workspace', $1, true);

-- name: insert_lanes
-- One by default; a lane is worked by one worker at a time.
INSERT INTO lane (workspace_id, lane) SELECT $1, number FROM generate_series(0, $2::int - 1) AS number;

-- name: find_workspace
-- By its unique name.
SELECT workspace_id, name, test, zone, plan, api_allowed, device_tokens, created_at FROM workspace WHERE name = $1;

-- name: read_workspace
-- By its id.
SELECT workspace_id, name, test, zone, plan, api_allowed, device_tokens, created_at FROM workspace WHERE workspace_id = $1;

-- name: list_workspaces
-- Oldest first.
SELECT workspace_id, name, test, zone, plan, api_allowed, device_tokens, created_at FROM workspace ORDER BY created_at, workspace_id;

-- name: set_workspace
-- What is null stays.
UPDATE workspace SET plan = coalesce($2, plan), api_allowed = coalesce($3, api_allowed),
       device_tokens = coalesce($4, device_tokens)
WHERE workspace_id = $1;

-- name: load_data_key
-- Wrapped by the master key.
SELECT data_key FROM workspace WHERE workspace_id = $1;

-- name: lock_keys_shared
-- A data key is wrapped and stored while no rotation goes on ("ClaK").
SELECT pg_advisory_xact_lock_shared(1131176267);

-- name: lock_keys
-- One rotation at a time, and no new workspace meanwhile.
SELECT pg_advisory_xact_lock(1131176267);

-- name: list_data_keys
-- Wrapped, of every workspace.
SELECT workspace_id, data_key FROM workspace ORDER BY workspace_id;

-- name: replace_data_key
-- The same key in another wrapping.
UPDATE workspace SET data_key = $2 WHERE workspace_id = $1;

-- name: insert_credential
-- A caller's way in.
INSERT INTO credential (credential_id, workspace_id, dialect, role, label, token_hash, token_start, sealed, public)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING credential_id, workspace_id, dialect, role, label, token_start, id_namespace, rates, public, created_at,
          expires_at, revoked_at, last_used_at;

-- name: find_credential
-- By the hash of its secret, from whatever workspace: this is how a caller's workspace is learned. A token is the
-- credential that issued it, with an end.
SELECT held.credential_id, held.workspace_id, held.dialect, held.role, held.label, held.token_start, held.id_namespace,
       held.rates, held.public, held.created_at, least(shown.expires_at, held.expires_at) AS expires_at,
       coalesce(held.revoked_at, shown.revoked_at) AS revoked_at, held.last_used_at, place.zone
FROM credential AS shown
JOIN credential AS held ON held.credential_id = coalesce(shown.issued_by, shown.credential_id)
JOIN workspace AS place ON place.workspace_id = held.workspace_id
WHERE shown.token_hash = $1;

-- name: insert_token
-- A way in with an end, issued by a credential.
INSERT INTO credential
    (workspace_id, issued_by, credential_id, dialect, token_hash, token_start, sealed, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: delete_tokens
-- Of a credential those that are over by $3, and of the others all but the newest $4.
DELETE FROM credential WHERE workspace_id = $1 AND issued_by = $2 AND (
    expires_at <= $3 OR credential_id <= (
        SELECT credential_id FROM credential WHERE workspace_id = $1 AND issued_by = $2
        ORDER BY credential_id DESC OFFSET $4 LIMIT 1
    )
);

-- name: list_credentials
-- Without secrets, oldest first; not the tokens that they issued.
SELECT credential_id, workspace_id, dialect, role, label, token_start, id_namespace, rates, public, created_at,
       expires_at, revoked_at, last_used_at
FROM credential WHERE workspace_id = $1 AND issued_by IS NULL ORDER BY created_at, credential_id;

-- name: reveal_credential
-- With the sealed secret.
SELECT credential_id, workspace_id, dialect, role, label, token_start, id_namespace, rates, public, created_at,
       expires_at, revoked_at, last_used_at, sealed
FROM credential WHERE workspace_id = $1 AND credential_id = $2;

-- name: revoke_credential
-- The first revocation's time stays.
UPDATE credential SET revoked_at = coalesce(revoked_at, now())
WHERE workspace_id = $1 AND credential_id = $2
RETURNING credential_id, workspace_id, dialect, role, label, token_start, id_namespace, rates, public, created_at,
          expires_at, revoked_at, last_used_at;

-- name: set_rates
-- Buckets that are not named keep what they have.
UPDATE credential SET rates = rates || $3::jsonb
WHERE workspace_id = $1 AND dialect = $2 AND ($4::uuid IS NULL OR credential_id = $4)
RETURNING credential_id, workspace_id, dialect, role, label, token_start, id_namespace, rates, public, created_at,
          expires_at, revoked_at, last_used_at;

-- name: find_workspaces_of
-- Whose these credentials are.
SELECT credential_id, workspace_id FROM credential WHERE credential_id = ANY($1::uuid[]);

-- name: add_use
-- Counts of a minute rise.
INSERT INTO credential_use (workspace_id, credential_id, minute_us, bucket, requests, refused)
SELECT $1, credential_id, minute_us, bucket, requests, refused
FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[])
     AS u(credential_id, minute_us, bucket, requests, refused)
ORDER BY credential_id, minute_us, bucket
ON CONFLICT (workspace_id, credential_id, minute_us, bucket) DO UPDATE SET
    requests = credential_use.requests + excluded.requests,
    refused = credential_use.refused + excluded.refused;

-- name: set_last_used
-- Several processes tell; the latest stays.
UPDATE credential AS c SET last_used_at = greatest(c.last_used_at, u.at)
FROM unnest($2::uuid[], $3::timestamptz[]) AS u(credential_id, at)
WHERE c.workspace_id = $1 AND c.credential_id = u.credential_id;

-- name: read_use
-- By credential and bucket.
SELECT credential_id, bucket, sum(requests)::bigint AS requests, sum(refused)::bigint AS refused,
       max(requests)::bigint AS busiest_minute
FROM credential_use
WHERE workspace_id = $1 AND minute_us >= $2 AND ($3::uuid[] IS NULL OR credential_id = ANY($3))
GROUP BY credential_id, bucket ORDER BY credential_id, bucket;

-- name: delete_old_use
-- Minutes before $2.
DELETE FROM credential_use WHERE workspace_id = $1 AND minute_us < $2;

-- name: notify_changed
-- Processes that remember credentials forget them when this commits.
SELECT pg_notify($1, '');

-- name: find_numbers
-- What was given so far.
SELECT id, number FROM number WHERE workspace_id = $1 AND kind = $2 AND id = ANY($3::uuid[]);

-- name: raise_counter
-- Takes $3 numbers; the row's lock makes them nobody else's.
INSERT INTO number_counter (workspace_id, kind, last) VALUES ($1, $2, $3)
ON CONFLICT (workspace_id, kind) DO UPDATE SET last = number_counter.last + excluded.last
RETURNING last;

-- name: insert_numbers
-- An id that another caller numbered meanwhile keeps that number.
INSERT INTO number (workspace_id, kind, number, id)
SELECT $1, $2, n, i FROM unnest($3::int[], $4::uuid[]) AS fresh(n, i)
ON CONFLICT (workspace_id, kind, id) DO NOTHING;

-- name: find_ids_of_numbers
-- The way back.
SELECT number, id FROM number WHERE workspace_id = $1 AND kind = $2 AND number = ANY($3::int[]);

-- name: insert_audit
-- Who did what.
INSERT INTO audit (workspace_id, audit_id, actor, action, detail) VALUES ($1, $2, $3, $4, $5);
