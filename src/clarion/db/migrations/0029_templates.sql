-- Templates that callers keep: whom they are from, labels by which they are looked for, and their end. What is planned
-- already is written from a version that stays, so a deleted template keeps its rows; its name is free again.
ALTER TABLE template
    ADD COLUMN sender      text,
    ADD COLUMN sender_name text,
    ADD COLUMN tags        text[] NOT NULL DEFAULT '{}',
    ADD COLUMN deleted_us  bigint;
ALTER TABLE template DROP CONSTRAINT template_workspace_id_name_key;
CREATE UNIQUE INDEX template_name ON template (workspace_id, name) WHERE deleted_us IS NULL;

-- How many transactional messages wait: asked before a call plans more of them.
CREATE INDEX send_waiting ON send (workspace_id, channel, due_us)
    WHERE state IN ('planned', 'deferred') AND class = 'transactional';
