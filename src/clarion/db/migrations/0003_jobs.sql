-- Work that is done later, and what became of the people who were erased.

-- A fact that somebody published; handlers run in one transaction with its deletion. Never personal data in plain:
-- the payload names ids. Jobs without a workspace carry the nil one.
CREATE TABLE job (
    workspace_id uuid NOT NULL,
    job_id       uuid NOT NULL,
    kind         text NOT NULL,
    payload      bytea NOT NULL,
    state        text NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'failed')),
    run_at       timestamptz NOT NULL DEFAULT now(),
    attempts     integer NOT NULL DEFAULT 0,
    token        uuid,
    leased_until timestamptz NOT NULL DEFAULT '-infinity',
    last_error   text,                        -- the kind of failure, never a value
    PRIMARY KEY (workspace_id, job_id)
) WITH (fillfactor = 70);
CREATE INDEX job_due ON job (workspace_id, run_at) WHERE state = 'ready';

-- The receipt of an erasure: complete when every awaited room has its line.
CREATE TABLE erasure (
    workspace_id uuid NOT NULL REFERENCES workspace,
    erasure_id   uuid NOT NULL,
    profile_id   uuid NOT NULL,               -- the anonymous tombstone
    erased_us    bigint NOT NULL,
    actor        text NOT NULL,
    awaited      text[] NOT NULL,
    lines        jsonb NOT NULL DEFAULT '{}', -- room -> what it erased -> how many
    PRIMARY KEY (workspace_id, erasure_id)
);

-- Raised by an erasure in its transaction: a worker that remembers another one forgets what it knows. A lane that
-- is added later takes the epoch of the others.
ALTER TABLE lane ADD COLUMN epoch bigint NOT NULL DEFAULT 0;

ALTER TABLE job ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON job USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON job TO clarion_app;
ALTER TABLE erasure ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON erasure USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON erasure TO clarion_app;
