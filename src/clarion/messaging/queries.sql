-- name: set_provider
-- Who carries a channel from now on, and with what settings.
INSERT INTO provider (workspace_id, provider_id, channel, kind, sealed, changed_us) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (workspace_id, channel)
DO UPDATE SET provider_id = excluded.provider_id, kind = excluded.kind, sealed = excluded.sealed,
              changed_us = excluded.changed_us;

-- name: list_providers
-- All that were set, or that of one channel.
SELECT provider_id, channel, kind, sealed, changed_us FROM provider
WHERE workspace_id = $1 AND ($2::text IS NULL OR channel = $2) ORDER BY channel;

-- name: insert_mailbox
-- A message lands; a second copy of a send does not.
INSERT INTO mailbox (workspace_id, mailbox_id, send_id, profile_id, channel, sealed, received_us)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (workspace_id, send_id) DO NOTHING;

-- name: trim_mailbox
-- Only the newest stay.
DELETE FROM mailbox WHERE workspace_id = $1 AND mailbox_id <= (
    SELECT mailbox_id FROM mailbox WHERE workspace_id = $1 ORDER BY mailbox_id DESC OFFSET $2 LIMIT 1);

-- name: list_mailbox
-- Newest first.
SELECT mailbox_id, send_id, channel, sealed, received_us FROM mailbox
WHERE workspace_id = $1 AND mailbox_id < $2 AND ($3::text IS NULL OR channel = $3)
ORDER BY mailbox_id DESC LIMIT $4;

-- name: read_mailbox
-- One, by its own id or by its send's.
SELECT mailbox_id, send_id, channel, sealed, received_us FROM mailbox
WHERE workspace_id = $1 AND (mailbox_id = $2 OR send_id = $2);

-- name: erase_mailbox
-- What was written to somebody who was erased.
DELETE FROM mailbox WHERE workspace_id = $1 AND profile_id = ANY($2::uuid[]) RETURNING mailbox_id;
