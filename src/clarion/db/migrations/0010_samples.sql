-- How often a credential's callers came, and how often they heard that it was too often: by bucket of its rates and
-- minute, kept a day.
CREATE TABLE credential_use (
    workspace_id  uuid NOT NULL REFERENCES workspace,
    credential_id uuid NOT NULL,
    minute_us     bigint NOT NULL,
    bucket        text NOT NULL,
    requests      bigint NOT NULL,            -- refused ones included
    refused       bigint NOT NULL,
    PRIMARY KEY (workspace_id, credential_id, minute_us, bucket)
) WITH (fillfactor = 70);
ALTER TABLE credential_use ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON credential_use
    USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON credential_use TO clarion_app;
