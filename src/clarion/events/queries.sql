-- name: accept_new
-- All keys are taken to be new, and the block. Where one stands already, the statement fails and nothing of it is
-- written: then `accept_once` says which.
-- What nobody reads of a WITH is done last: keys, then the block, in the order in which `accept_once` locks them.
WITH block AS (
    INSERT INTO journal (workspace_id, source, block_id, minute_us, items, received, rejected, duplicate, payload,
                         accepted_us, skip)
    SELECT $1, $2, $6, $7, $8, $8 + $9::int, $9, cardinality($5::int[]), $10,
           (extract(epoch FROM now()) * 1000000)::bigint, $5
    ON CONFLICT (workspace_id, block_id) DO NOTHING
)
INSERT INTO event_key (workspace_id, source, key, event_id, seen_at)
SELECT $1, $2, key, item_id, (extract(epoch FROM now()) * 1000000)::bigint
FROM unnest($3::uuid[], $4::uuid[]) AS o(key, item_id) ORDER BY key;

-- name: accept_once
-- The keys, and the block without the items seen before. With a window ($12) a row that is older is taken over, by the
-- database's clock; without one a key is known for ever.
WITH clock AS (
    SELECT (extract(epoch FROM now()) * 1000000)::bigint AS us
), offered AS (
    SELECT ordinal, key, item_id FROM unnest($3::text::int[], $4::uuid[], $5::uuid[]) AS o(ordinal, key, item_id)
), fresh AS (
    INSERT INTO event_key (workspace_id, source, key, event_id, seen_at)
    SELECT $1, $2, key, item_id, clock.us FROM clock CROSS JOIN offered ORDER BY key
    ON CONFLICT (workspace_id, key) DO UPDATE SET event_id = excluded.event_id, seen_at = excluded.seen_at
        WHERE event_key.seen_at <= excluded.seen_at - $12::bigint
    RETURNING event_id
), seen AS (
    SELECT coalesce(array_agg(ordinal ORDER BY ordinal), '{}') AS ordinals
    FROM offered WHERE item_id NOT IN (SELECT event_id FROM fresh)
), block AS (
    INSERT INTO journal (workspace_id, source, block_id, minute_us, items, received, rejected, duplicate, payload,
                         accepted_us, skip)
    SELECT $1, $2, $7, $8, $9, $9 + $10::int, $10, cardinality(seen.ordinals || $6::int[]), $11, clock.us,
           seen.ordinals || $6::int[]
    FROM clock CROSS JOIN seen WHERE cardinality(seen.ordinals || $6::int[]) < $9
    ON CONFLICT (workspace_id, block_id) DO NOTHING
)
SELECT ordinals FROM seen;

-- name: accept_overrides
-- A key's event keeps its id; each copy raises the revision by one. The block says which event and revision each
-- of its items is.
WITH offered AS (
    SELECT ordinal, key, item_id, copies
    FROM unnest($3::text::int[], $4::uuid[], $5::uuid[], $6::text::int[]) AS o(ordinal, key, item_id, copies)
), keyed AS (
    INSERT INTO event_key (workspace_id, source, key, event_id, seen_at, revision)
    SELECT $1, $2, key, item_id, (extract(epoch FROM now()) * 1000000)::bigint, copies - 1
    FROM offered ORDER BY key
    ON CONFLICT (workspace_id, key) DO UPDATE
        SET revision = event_key.revision + excluded.revision + 1, seen_at = excluded.seen_at
    RETURNING key, event_id, revision
), placed AS (
    SELECT array_agg(item.ordinal - 1 ORDER BY item.ordinal) AS ordinals,
           array_agg(keyed.event_id ORDER BY item.ordinal) AS event_ids,
           array_agg(keyed.revision - offered.copies + 1 + item.position ORDER BY item.ordinal) AS revisions
    FROM unnest($7::text::int[], $8::text::int[]) WITH ORDINALITY AS item(first, position, ordinal)
    JOIN offered ON offered.ordinal = item.first
    JOIN keyed ON keyed.key = offered.key
), block AS (
    INSERT INTO journal (workspace_id, source, block_id, minute_us, items, received, rejected, duplicate, payload,
                         accepted_us, override_ordinals, override_event_ids, override_revisions)
    SELECT $1, $2, $9, $10, $11, $11 + $12::int, $12, 0, $13, (extract(epoch FROM now()) * 1000000)::bigint,
           placed.ordinals, placed.event_ids, placed.revisions
    FROM placed
    ON CONFLICT (workspace_id, block_id) DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM block;

-- name: find_skip
-- What an earlier try left out of its block, if it was committed.
SELECT skip FROM journal WHERE workspace_id = $1 AND block_id = $2;

-- name: find_own_keys
-- Which of these keys hold the very items' ids: an earlier try of theirs was committed.
SELECT event_id FROM event_key WHERE workspace_id = $1 AND key = ANY($2::uuid[]) AND event_id = ANY($3::uuid[]);

-- name: count_backlog
-- Accepted and not yet processed items of a workspace, and the stamp of the oldest.
SELECT coalesce(sum(items - cardinality(skip)), 0)::bigint AS items, min(accepted_us) AS oldest_us
FROM journal WHERE workspace_id = $1 AND processed_at IS NULL;

-- name: count_whole_backlog
-- The same over all workspaces: numbers only, by a function of the owner's (row-level security binds the edge).
SELECT items, oldest_us FROM whole_backlog();

-- name: find_lanes
-- Free lanes that have open blocks, the one with the oldest first.
SELECT l.workspace_id, l.lane
FROM lane AS l CROSS JOIN LATERAL (
    SELECT j.block_id FROM journal AS j
    WHERE j.workspace_id = l.workspace_id AND j.lane = l.lane AND j.processed_at IS NULL
    ORDER BY j.block_id LIMIT 1
) AS oldest
WHERE l.leased_until < now() AND l.not_before <= now()
ORDER BY oldest.block_id;

-- name: lease_lane
-- One worker at a time; the token fences a worker that slept past its lease.
UPDATE lane SET token = $3, worker = $4, leased_until = now() + make_interval(secs => $5)
WHERE workspace_id = $1 AND lane = (
    SELECT lane FROM lane WHERE workspace_id = $1 AND lane = $2 AND leased_until < now()
    FOR NO KEY UPDATE SKIP LOCKED)  -- not in the way of `share_lanes`, nor they in its
RETURNING lane;

-- name: hold_lane
-- First in each transaction: the lease is still ours, and longer; its row stays locked until the commit. Its epoch says whether memory holds.
-- The commit does not wait for the disk (decision 19).
WITH held AS (
    UPDATE lane SET leased_until = now() + make_interval(secs => $4), failures = 0
    WHERE workspace_id = $1 AND lane = $2 AND token = $3 AND leased_until > now()
    RETURNING epoch, listening
)
SELECT epoch, listening, set_config('synchronous_commit', 'off', true) FROM held;

-- name: free_lane
-- Give it back.
UPDATE lane SET leased_until = '-infinity', token = NULL WHERE workspace_id = $1 AND lane = $2 AND token = $3;

-- name: postpone_lane
-- After a failure that may pass: again in 2^failures seconds, a minute at most.
UPDATE lane SET leased_until = '-infinity', token = NULL, failures = failures + 1,
    not_before = now() + make_interval(secs => least(60, power(2, least(failures, 6))))
WHERE workspace_id = $1 AND lane = $2 AND token = $3;

-- name: take_blocks
-- The lowest open blocks of a lane, up to $3 items (at least one block), without some.
SELECT block_id, minute_us, accepted_us, items, received, rejected, duplicate, source, skip, override_ordinals,
       override_event_ids, override_revisions, payload
FROM (
    SELECT *, sum(items) OVER (ORDER BY block_id) - items AS before FROM (
        SELECT * FROM journal
        WHERE workspace_id = $1 AND lane = $2 AND processed_at IS NULL AND block_id <> ALL($5::uuid[])
        ORDER BY block_id LIMIT $4
    ) AS lowest
) AS counted
WHERE before < $3 ORDER BY block_id;

-- name: close_blocks
-- Their items have outcomes; the blocks stay until the journal's partition is dropped.
UPDATE journal SET processed_at = now()
WHERE workspace_id = $1 AND block_id = ANY($2::uuid[]) AND processed_at IS NULL;

-- name: add_to_ledger
-- Counts of a minute rise.
INSERT INTO ledger (workspace_id, minute_us, received, rejected, duplicate, accepted, acknowledged, quarantined,
                    stored, applied, replaced, discarded, erased)
SELECT $1, minute_us, received, rejected, duplicate, accepted, acknowledged, quarantined, stored, applied, replaced,
       discarded, erased
FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
            $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[])
     AS l(minute_us, received, rejected, duplicate, accepted, acknowledged, quarantined, stored, applied, replaced,
          discarded, erased)
ORDER BY minute_us
ON CONFLICT (workspace_id, minute_us) DO UPDATE SET
    received = ledger.received + excluded.received,
    rejected = ledger.rejected + excluded.rejected,
    duplicate = ledger.duplicate + excluded.duplicate,
    accepted = ledger.accepted + excluded.accepted,
    acknowledged = ledger.acknowledged + excluded.acknowledged,
    quarantined = ledger.quarantined + excluded.quarantined,
    stored = ledger.stored + excluded.stored,
    applied = ledger.applied + excluded.applied,
    replaced = ledger.replaced + excluded.replaced,
    discarded = ledger.discarded + excluded.discarded,
    erased = ledger.erased + excluded.erased;

-- name: read_ledger
-- Settled blocks and edge counts from the ledger, open blocks from the journal.
SELECT minute_us, sum(received)::bigint AS received, sum(rejected)::bigint AS rejected,
       sum(duplicate)::bigint AS duplicate, sum(accepted)::bigint AS accepted,
       sum(acknowledged)::bigint AS acknowledged, sum(in_flight)::bigint AS in_flight,
       sum(quarantined)::bigint AS quarantined, sum(stored)::bigint AS stored, sum(applied)::bigint AS applied,
       sum(replaced)::bigint AS replaced, sum(discarded)::bigint AS discarded, sum(erased)::bigint AS erased,
       sum(expired)::bigint AS expired
FROM (
    SELECT minute_us, received, rejected, duplicate, accepted, acknowledged, 0 AS in_flight, quarantined,
           stored, applied, replaced, discarded, erased, expired
    FROM ledger WHERE workspace_id = $1 AND minute_us >= $2 AND minute_us < $3
    UNION ALL
    SELECT minute_us, received, rejected, duplicate, items - duplicate, 0, items - duplicate, 0, 0, 0, 0, 0, 0, 0
    FROM journal WHERE workspace_id = $1 AND processed_at IS NULL AND minute_us >= $2 AND minute_us < $3
) AS counts
GROUP BY minute_us ORDER BY minute_us;

-- name: recount_timeline
-- Events on the timeline by the minute of the items that brought them: the first 48 bits of an id are milliseconds.
SELECT (('x' || substr(replace(item_id::text, '-', ''), 1, 12))::bit(48)::bigint / 60000) * 60000000 AS minute_us,
       count(*) AS events
FROM (
    SELECT event_id AS item_id FROM event
    WHERE workspace_id = $1 AND event_id >= $2 AND event_id < $3 AND brought_by IS NULL
    UNION ALL
    SELECT brought_by FROM event WHERE workspace_id = $1 AND brought_by >= $2 AND brought_by < $3
) AS brought GROUP BY 1;

-- name: recount_quarantine
-- Items that stand in quarantine by minute.
SELECT minute_us, sum(items)::bigint AS items FROM quarantine
WHERE workspace_id = $1 AND minute_us >= $2 AND minute_us < $3 GROUP BY minute_us;

-- name: recount_journal
-- What the blocks that are still kept say, by minute, and whether their items got outcomes.
SELECT minute_us, sum(received)::bigint AS received, sum(rejected)::bigint AS rejected,
       sum(duplicate)::bigint AS duplicate, sum(items - duplicate)::bigint AS accepted,
       count(*) AS blocks
FROM journal WHERE workspace_id = $1 AND minute_us >= $2 AND minute_us < $3 GROUP BY minute_us;

-- name: find_revisions
-- What the timeline holds of events that may be overridden, locked; the bounds keep the BRIN index useful.
SELECT profile_id, occurred_at, (extract(epoch FROM occurred_at) * 1000000)::bigint AS occurred_us, event_id,
       metric_id, revision, brought_by
FROM event
WHERE workspace_id = $1 AND event_id = ANY($2::uuid[]) AND event_id >= $3 AND event_id <= $4 FOR UPDATE;

-- name: delete_revisions
-- Their newer revisions take their place in the same transaction.
DELETE FROM event AS e USING unnest($2::uuid[], $3::timestamptz[], $4::uuid[]) AS old(profile_id, occurred_at, event_id)
WHERE e.workspace_id = $1 AND e.profile_id = old.profile_id AND e.occurred_at = old.occurred_at
  AND e.event_id = old.event_id;

-- name: list_events
-- Newest received first. $2..$4 narrow by profile, metric and id (for pages); the partitions' primary keys and BRIN
-- keep it quick.
SELECT e.event_id, e.profile_id, e.occurred_at, m.name, e.source, e.revision, e.history, e.session, e.properties,
       e.sealed
FROM event AS e JOIN metric AS m ON m.workspace_id = e.workspace_id AND m.metric_id = e.metric_id
WHERE e.workspace_id = $1 AND ($2::uuid[] IS NULL OR e.profile_id = ANY($2)) AND ($3::text IS NULL OR m.name = $3)
  AND e.event_id < $4 AND e.event_id > $5
ORDER BY e.event_id DESC LIMIT $6;

-- name: read_event
-- One event by its id, through the BRIN index.
SELECT e.event_id, e.profile_id, e.occurred_at, m.name, e.source, e.revision, e.history, e.session, e.properties,
       e.sealed
FROM event AS e JOIN metric AS m ON m.workspace_id = e.workspace_id AND m.metric_id = e.metric_id
WHERE e.workspace_id = $1 AND e.event_id = $2;

-- name: expire_minutes
-- Events with ids below $2 are about to go: counted by the minute of the items that brought them.
INSERT INTO ledger (workspace_id, minute_us, expired)
SELECT $1, (('x' || substr(replace(coalesce(brought_by, event_id)::text, '-', ''), 1, 12))::bit(48)::bigint / 60000)
           * 60000000 AS minute_us, count(*)
FROM event WHERE workspace_id = $1 AND event_id < $2 GROUP BY 2 ORDER BY 2
ON CONFLICT (workspace_id, minute_us) DO UPDATE SET expired = ledger.expired + excluded.expired;

-- name: count_expiring
-- The same events by metric and the quarter of an hour in which they happened.
SELECT metric_id, floor(extract(epoch FROM occurred_at) / 900)::bigint AS quarter, count(*) AS events
FROM event WHERE workspace_id = $1 AND event_id < $2 GROUP BY 1, 2;

-- name: insert_rejected
-- Samples of one credential; after a lost connection an earlier try may have written them.
INSERT INTO rejected_sample (workspace_id, credential_id, rejected_id, code, sealed)
SELECT $1, $2, r.rejected_id, r.code, r.sealed
FROM unnest($3::uuid[], $4::text[], $5::bytea[]) AS r(rejected_id, code, sealed)
ON CONFLICT (workspace_id, credential_id, rejected_id) DO NOTHING;

-- name: trim_rejected
-- All below the $3 newest of a credential go.
DELETE FROM rejected_sample
WHERE workspace_id = $1 AND credential_id = $2 AND rejected_id <= (
    SELECT rejected_id FROM rejected_sample WHERE workspace_id = $1 AND credential_id = $2
    ORDER BY rejected_id DESC OFFSET $3 LIMIT 1
);

-- name: list_rejected
-- Newest first.
SELECT rejected_id, code, sealed FROM rejected_sample
WHERE workspace_id = $1 AND credential_id = $2 ORDER BY rejected_id DESC LIMIT $3;

-- name: insert_quarantine
-- One item, or a whole block that cannot be read.
INSERT INTO quarantine (workspace_id, quarantine_id, block_id, ordinal, items, minute_us, accepted_us, source,
                        event_id, revision, reason, detail, payload, skip, override_ordinals, override_event_ids,
                        override_revisions)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);

-- name: list_quarantine
-- Newest first.
SELECT quarantine_id, block_id, ordinal, items, minute_us, accepted_us, source, event_id, revision, attempts, reason, detail,
       payload, skip, override_ordinals, override_event_ids, override_revisions, quarantined_at
FROM quarantine
WHERE workspace_id = $1 AND ($3::uuid[] IS NULL OR quarantine_id = ANY($3)) AND quarantine_id < $4
ORDER BY quarantine_id DESC LIMIT $2;

-- name: lock_quarantine
-- One entry, ours until the commit.
SELECT quarantine_id, block_id, ordinal, items, minute_us, accepted_us, source, event_id, revision, attempts, reason, detail,
       payload, skip, override_ordinals, override_event_ids, override_revisions, quarantined_at
FROM quarantine WHERE workspace_id = $1 AND quarantine_id = $2 FOR UPDATE;

-- name: delete_quarantine
-- It has another outcome now.
DELETE FROM quarantine WHERE workspace_id = $1 AND quarantine_id = $2;

-- name: fail_quarantine
-- Tried again, and failed again.
UPDATE quarantine SET attempts = attempts + 1, reason = $3, detail = $4
WHERE workspace_id = $1 AND quarantine_id = $2;

-- name: delete_old_keys
-- Of all workspaces, in some of the table's pages, as they lie on disk: keys of the sources that know them for a window
-- ($3) by one time, of the others by another. What accept holds just now is left: it locks in another order.
DELETE FROM event_key WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM event_key
    WHERE ctid >= format('(%s,0)', $1::bigint)::tid AND ctid < format('(%s,0)', $2::bigint)::tid
      AND seen_at < CASE WHEN source = ANY($3::smallint[]) THEN $4::bigint ELSE $5::bigint END
    FOR UPDATE SKIP LOCKED
));

-- name: count_key_pages
-- How many pages the table of keys has.
SELECT pg_relation_size('event_key') / current_setting('block_size')::bigint;

-- name: lock_lanes
-- All of a workspace, for an erasure: waits for the transactions in flight, and for those of `share_lanes`.
SELECT lane FROM lane WHERE workspace_id = $1 ORDER BY lane FOR UPDATE;

-- name: raise_epochs
-- Now, not when the transaction began: whoever remembers something of this workspace forgets it.
UPDATE lane SET epoch = greatest(epoch + 1, (extract(epoch FROM statement_timestamp()) * 1000000)::bigint)
WHERE workspace_id = $1 RETURNING epoch;

-- name: share_lanes
-- Beside the lanes: workers go on, an erasure waits. Returns now, once we have them.
WITH held AS MATERIALIZED (SELECT lane FROM lane WHERE workspace_id = $1 ORDER BY lane FOR KEY SHARE)
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint FROM (SELECT count(*) FROM held) AS counted;

-- name: list_to_anonymise
-- The next events of some profiles, by their key.
SELECT profile_id, occurred_at, (extract(epoch FROM occurred_at) * 1000000)::bigint AS occurred_us, event_id, metric_id,
       properties
FROM event
WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[])
  AND (profile_id, occurred_at, event_id) > ($3, $4, $5)
ORDER BY profile_id, occurred_at, event_id LIMIT $6;

-- name: anonymise_events
-- Metric, times, numbers and booleans stay.
UPDATE event AS e SET properties = n.properties::jsonb, sealed = NULL, session = NULL
FROM unnest($2::uuid[], $3::timestamptz[], $4::uuid[], $5::text[]) AS n(profile_id, occurred_at, event_id, properties)
WHERE e.workspace_id = $1 AND e.profile_id = n.profile_id AND e.occurred_at = n.occurred_at
  AND e.event_id = n.event_id;

-- name: erase_samples
-- All samples of refused bodies older than an erasure: they are no record, and whose they are is not known.
DELETE FROM rejected_sample WHERE workspace_id = $1 AND rejected_id < $2 RETURNING rejected_id;

-- name: raise_listening
-- Waits for what is being processed; who settles these lanes' blocks from now on asks again what listens.
UPDATE lane SET listening = listening + 1 WHERE workspace_id = $1;

-- name: read_properties
-- Of some events, by their keys.
SELECT e.event_id, e.properties, e.sealed FROM unnest($2::uuid[], $3::timestamptz[], $4::uuid[])
    AS k(profile_id, occurred_at, event_id)
JOIN event AS e ON e.profile_id = k.profile_id AND e.occurred_at = k.occurred_at AND e.event_id = k.event_id
WHERE e.workspace_id = $1;
