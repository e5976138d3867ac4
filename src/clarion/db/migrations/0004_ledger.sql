-- What callers were told is safe, how much they use of their limits.

-- Items acknowledged in blocks, counted by the accepting process after the commit and written within a second: a
-- lower bound of what the ledger and the open journal must hold, so that a block that goes missing is noticed.
ALTER TABLE ledger ADD COLUMN acknowledged bigint NOT NULL DEFAULT 0;

-- Requests of a credential by minute and bucket of its rates, kept for a day. `refused`: those over the limit.
CREATE TABLE credential_use (
    workspace_id  uuid NOT NULL REFERENCES workspace,
    credential_id uuid NOT NULL,
    minute_us     bigint NOT NULL,
    bucket        text NOT NULL,
    requests      bigint NOT NULL DEFAULT 0,
    refused       bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, credential_id, minute_us, bucket)
) WITH (fillfactor = 70);
ALTER TABLE credential_use ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON credential_use
    USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON credential_use TO clarion_app;
