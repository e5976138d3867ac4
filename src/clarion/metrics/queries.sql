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
SELECT m.metric_id, m.name, m.status, m.discovered, m.created_at,
       coalesce((SELECT sum(d.events) FROM metric_day AS d
                 WHERE d.workspace_id = m.workspace_id AND d.metric_id = m.metric_id), 0)::bigint AS events
FROM metric AS m WHERE m.workspace_id = $1 AND ($2::text IS NULL OR m.name = $2) ORDER BY m.name;

-- name: list_properties
-- Of one metric.
SELECT name, type, example, personal FROM metric_property
WHERE workspace_id = $1 AND metric_id = $2 ORDER BY name, type;

-- name: set_status
-- Pause or take up again.
UPDATE metric SET status = $3 WHERE workspace_id = $1 AND name = $2 RETURNING metric_id;
