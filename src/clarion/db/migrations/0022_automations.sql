-- Automations: steps that a trigger starts for one profile; and runs, one profile's passage through one.

-- `live_version`: by which new runs go; null while it was never published. Draft and newest version may be ahead.
CREATE TABLE automation (
    workspace_id  uuid NOT NULL REFERENCES workspace,
    automation_id uuid NOT NULL,
    name          text NOT NULL,
    status        text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'live', 'paused', 'archived')),
    version       integer NOT NULL,
    live_version  integer,
    created_us    bigint NOT NULL,
    changed_us    bigint NOT NULL,
    PRIMARY KEY (workspace_id, automation_id),
    UNIQUE (workspace_id, name)
);

-- What an automation is and was: a version never changes (json: as it was written). `published_us` null: a draft.
CREATE TABLE automation_version (
    workspace_id  uuid NOT NULL,
    automation_id uuid NOT NULL,
    version       integer NOT NULL,
    definition    json NOT NULL,
    made_by       text NOT NULL,
    made_us       bigint NOT NULL,
    published_us  bigint,
    PRIMARY KEY (workspace_id, automation_id, version)
);

-- `run_id` is made of (workspace, automation, cause), so that a cause starts one run, however often it is told.
-- `cause_id`: the event (`cause` event), later an entry into a segment. `profile_id`: the member for whom the cause is.
-- `node`: where it stands, `entered_us` since when (null: not yet acted on). `due_us`: when to look at it again;
-- null: parked while its automation is paused. `version`: that with which it began.
CREATE TABLE run (
    workspace_id  uuid NOT NULL,
    run_id        uuid NOT NULL,
    automation_id uuid NOT NULL,
    version       integer NOT NULL,
    profile_id    uuid NOT NULL,
    cause         text NOT NULL,
    cause_id      uuid NOT NULL,
    occurred_at   timestamptz NOT NULL,
    node          text NOT NULL,
    entered_us    bigint,
    steps         integer NOT NULL DEFAULT 0,
    due_us        bigint,
    failures      integer NOT NULL DEFAULT 0,
    last_error    text,
    begun_us      bigint NOT NULL,
    ended_us      bigint,
    reason        text,
    PRIMARY KEY (workspace_id, run_id)
);
CREATE INDEX run_due ON run (workspace_id, due_us) WHERE ended_us IS NULL AND due_us IS NOT NULL;
CREATE INDEX run_parked ON run (workspace_id, automation_id) WHERE ended_us IS NULL AND due_us IS NULL;
CREATE INDEX run_of_profile ON run (workspace_id, profile_id, automation_id);
CREATE INDEX run_of_automation ON run (workspace_id, automation_id, begun_us);

-- Rises when what listens to the workspace's events changes; whoever settles its blocks asks it with the lane.
ALTER TABLE lane ADD COLUMN listening bigint NOT NULL DEFAULT 0;

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['automation', 'automation_version', 'run']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I USING '
                       '(workspace_id = nullif(current_setting(''clarion.workspace'', true), '''')::uuid)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO clarion_app', t);
    END LOOP;
END $$;
