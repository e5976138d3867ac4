-- name: read_clock
-- When this transaction began: of which the stamps of what it accepts are.
SELECT (extract(epoch FROM now()) * 1000000)::bigint;

-- name: insert_orders
-- New ones in sorted order, which every writer takes first; says which they are.
INSERT INTO customer_order (workspace_id, order_id, external_order_id, profile_id, status, ordered_at, total_cost,
                            currency, shipping, discount, taxes, details, items, sealed, source, created_us, changed_us)
SELECT $1, order_id, external_order_id, profile_id, status, ordered_at, total_cost, currency, shipping, discount,
       taxes, details::jsonb, items::jsonb, sealed, $15, $16, $16
FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::timestamptz[], $7::numeric[], $8::text[],
            $9::numeric[], $10::numeric[], $11::numeric[], $12::text[], $13::text[], $14::bytea[])
     AS o(order_id, external_order_id, profile_id, status, ordered_at, total_cost, currency, shipping, discount,
          taxes, details, items, sealed)
ORDER BY external_order_id
ON CONFLICT (workspace_id, external_order_id) DO NOTHING RETURNING external_order_id;

-- name: lock_orders
-- Those that are there, ours until the commit, in sorted order.
SELECT order_id, external_order_id, profile_id, status, ordered_at, total_cost, currency, shipping, discount, taxes,
       details, items, sealed, source, created_us, changed_us
FROM customer_order WHERE workspace_id = $1 AND external_order_id = ANY($2::text[])
ORDER BY external_order_id FOR UPDATE;

-- name: update_orders
-- What they are now.
UPDATE customer_order AS o SET profile_id = n.profile_id, status = n.status, ordered_at = n.ordered_at,
    total_cost = n.total_cost, currency = n.currency, shipping = n.shipping, discount = n.discount, taxes = n.taxes,
    details = n.details::jsonb, items = n.items::jsonb, sealed = n.sealed, source = $15, changed_us = $16
FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::timestamptz[], $7::numeric[], $8::text[],
            $9::numeric[], $10::numeric[], $11::numeric[], $12::text[], $13::text[], $14::bytea[])
     AS n(order_id, external_order_id, profile_id, status, ordered_at, total_cost, currency, shipping, discount,
          taxes, details, items, sealed)
WHERE o.workspace_id = $1 AND o.order_id = n.order_id;

-- name: insert_statuses
-- One line a status that was reached.
INSERT INTO order_status (workspace_id, order_id, event_id, status, changed_us)
SELECT $1, order_id, event_id, status, $5
FROM unnest($2::uuid[], $3::uuid[], $4::text[]) AS s(order_id, event_id, status);

-- name: list_orders
-- Newest made first; of some profiles, or with a status.
SELECT order_id, external_order_id, profile_id, status, ordered_at, total_cost, currency, shipping, discount, taxes,
       details, items, sealed, source, created_us, changed_us
FROM customer_order
WHERE workspace_id = $1 AND order_id < $2 AND ($3::uuid[] IS NULL OR profile_id = ANY($3))
  AND ($4::text IS NULL OR status = $4) AND ($5::text IS NULL OR external_order_id = $5)
ORDER BY order_id DESC LIMIT $6;

-- name: read_order
-- One by its id.
SELECT order_id, external_order_id, profile_id, status, ordered_at, total_cost, currency, shipping, discount, taxes,
       details, items, sealed, source, created_us, changed_us
FROM customer_order WHERE workspace_id = $1 AND order_id = $2;

-- name: list_statuses
-- Of some orders, oldest first.
SELECT order_id, event_id, status, changed_us FROM order_status
WHERE workspace_id = $1 AND order_id = ANY($2::uuid[]) ORDER BY event_id;

-- name: list_to_erase
-- The next orders of some members that still say who.
SELECT order_id, details, items FROM customer_order
WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]) AND sealed IS NOT NULL
ORDER BY order_id LIMIT $3 FOR UPDATE;

-- name: erase_orders
-- Times, totals, statuses and goods stay.
UPDATE customer_order AS o SET sealed = NULL, details = '{}', items = n.items::jsonb
FROM unnest($2::uuid[], $3::text[]) AS n(order_id, items)
WHERE o.workspace_id = $1 AND o.order_id = n.order_id;

-- name: delete_order
-- By the shop's own id.
DELETE FROM customer_order WHERE workspace_id = $1 AND external_order_id = $2 RETURNING order_id;

-- name: delete_made_between
-- From $2 on, before $3.
DELETE FROM customer_order WHERE workspace_id = $1 AND ordered_at >= $2 AND ordered_at < $3 RETURNING order_id;

-- name: delete_statuses
-- Of orders that are gone.
DELETE FROM order_status WHERE workspace_id = $1 AND order_id = ANY($2::uuid[]);
