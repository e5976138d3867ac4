-- name: find_metrics
-- By name.
SELECT name, metric_id, status FROM metric WHERE workspace_id = $1 AND name = ANY($2::text[]);

-- name: insert_metrics
-- Discovered with their first event; one that another worker discovered meanwhile stays.
INSERT INTO metric (workspace_id, metric_id, name)
SELECT $1, metric_id, name FROM unnest($2::int[], $3::text[]) AS m(metric_id, name)
ON CONFLICT (workspace_id, name) DO NOTHING;

-- name: insert_properties
-- The first value of a type is the example; the next one where an erasure took it away.
INSERT INTO metric_property (workspace_id, metric_id, name, type, example, personal)
SELECT $1, metric_id, name, type, example::jsonb, personal
FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::boolean[])
     AS p(metric_id, name, type, example, personal)
ON CONFLICT (workspace_id, metric_id, name, type) DO UPDATE SET example = excluded.example
WHERE metric_property.example IS NULL AND excluded.example IS NOT NULL;

-- name: forget_examples
-- Texts that somebody may have written of themselves.
UPDATE metric_property SET example = NULL
WHERE workspace_id = $1 AND metric_id = ANY($2::int[]) AND type NOT IN ('integer', 'decimal', 'boolean')
  AND example IS NOT NULL;

-- name: add_to_days
-- Counters of (metric, day of the workspace's zone), in sorted order.
INSERT INTO metric_day (workspace_id, metric_id, day, events)
SELECT $1, d.metric_id, (to_timestamp(d.quarter * 900) AT TIME ZONE w.zone)::date, sum(d.events)
FROM unnest($2::int[], $3::bigint[], $4::bigint[]) AS d(metric_id, quarter, events)
CROSS JOIN workspace AS w WHERE w.workspace_id = $1
GROUP BY 2, 3 ORDER BY 2, 3
ON CONFLICT (workspace_id, metric_id, day) DO UPDATE SET events = metric_day.events + excluded.events;

-- name: list_metrics
-- With the number of their events on the timeline.
SELECT m.metric_id, m.name, m.title, m.status, m.discovered, m.discarded, m.made_by, m.created_at,
       coalesce((SELECT sum(d.events) FROM metric_day AS d
                 WHERE d.workspace_id = m.workspace_id AND d.metric_id = m.metric_id), 0)::bigint AS events
FROM metric AS m
WHERE m.workspace_id = $1 AND ($2::text IS NULL OR m.name = $2)
ORDER BY m.name;

-- name: list_properties
-- Of one metric.
SELECT name, type, example, personal FROM metric_property
WHERE workspace_id = $1 AND metric_id = $2 ORDER BY name, type;

-- name: set_status
-- Pause or take up again: one that had no event yet waits for its first.
UPDATE metric AS m
SET status = CASE
    WHEN $3 = 'syncing' AND NOT EXISTS (SELECT FROM metric_day AS d
                                        WHERE d.workspace_id = m.workspace_id AND d.metric_id = m.metric_id)
    THEN 'pending' ELSE $3 END
WHERE m.workspace_id = $1 AND m.name = $2
RETURNING m.metric_id;

-- name: count_made
-- By the calls of one dialect.
SELECT count(*) FROM metric WHERE workspace_id = $1 AND made_by = $2;

-- name: declare_metrics
-- New, or taken over from where it was only discovered, unless `$5` is null: by hand nothing is taken over. One that a
-- call made stays as it is. What stays is not returned.
INSERT INTO metric (workspace_id, metric_id, name, title, made_by, status, discovered)
SELECT $1, metric_id, name, title, $5::text, 'pending', false
FROM unnest($2::int[], $3::text[], $4::text[]) AS m(metric_id, name, title)
ON CONFLICT (workspace_id, name) DO UPDATE
SET title = excluded.title, made_by = excluded.made_by, discovered = false
WHERE metric.made_by IS NULL AND $5::text IS NOT NULL
RETURNING metric_id, name;

-- name: insert_attributes
-- What events of some metrics may say.
INSERT INTO metric_attribute (workspace_id, metric_id, code, title, type)
SELECT $1, metric_id, code, title, type
FROM unnest($2::int[], $3::text[], $4::text[], $5::text[]) AS a(metric_id, code, title, type);

-- name: list_attributes
-- Of one metric, or of all that a dialect's calls made.
SELECT m.name, m.metric_id, a.code, a.title, a.type
FROM metric AS m LEFT JOIN metric_attribute AS a
     ON a.workspace_id = m.workspace_id AND a.metric_id = m.metric_id
WHERE m.workspace_id = $1 AND ($2::text IS NULL OR m.name = $2) AND ($3::text IS NULL OR m.made_by = $3)
ORDER BY m.name, a.code;

-- name: lock_metric
-- Ours to change until the commit.
SELECT metric_id, made_by FROM metric WHERE workspace_id = $1 AND name = $2 FOR UPDATE;

-- name: set_title
-- How people call it.
UPDATE metric SET title = $3 WHERE workspace_id = $1 AND metric_id = $2;

-- name: delete_attributes
-- Of one metric.
DELETE FROM metric_attribute WHERE workspace_id = $1 AND metric_id = $2;

-- name: has_events
-- On the timeline.
SELECT EXISTS (SELECT FROM metric_day WHERE workspace_id = $1 AND metric_id = $2 AND events <> 0);

-- name: delete_metric
-- With its catalogue.
WITH gone_properties AS (DELETE FROM metric_property WHERE workspace_id = $1 AND metric_id = $2),
     gone_days AS (DELETE FROM metric_day WHERE workspace_id = $1 AND metric_id = $2)
DELETE FROM metric WHERE workspace_id = $1 AND metric_id = $2;

-- name: begin_syncing
-- The first events of these came.
UPDATE metric SET status = 'syncing'
WHERE workspace_id = $1 AND metric_id = ANY($2::int[]) AND status = 'pending';

-- name: count_discarded
-- Events that came while their metric was paused.
UPDATE metric AS m SET discarded = m.discarded + d.events
FROM unnest($2::int[], $3::bigint[]) AS d(metric_id, events)
WHERE m.workspace_id = $1 AND m.metric_id = d.metric_id;
