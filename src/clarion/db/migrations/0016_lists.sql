-- Lists that are kept by hand, and addresses that are not sent to.

CREATE TABLE list (
    workspace_id uuid NOT NULL REFERENCES workspace,
    list_id      uuid NOT NULL,
    name         text NOT NULL CHECK (name <> ''),
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, list_id),
    UNIQUE (workspace_id, name)
);

-- Of a member, with the stamp of its last change; one that was taken out keeps its row. A person is on a list when
-- the newest row of any of their members says so.
CREATE TABLE list_member (
    workspace_id uuid NOT NULL REFERENCES workspace,
    list_id      uuid NOT NULL,
    profile_id   uuid NOT NULL,
    attached     boolean NOT NULL,
    stamp_us     bigint NOT NULL,
    stamp_id     uuid NOT NULL,
    PRIMARY KEY (workspace_id, list_id, profile_id)
);
CREATE INDEX list_member_profile ON list_member (workspace_id, profile_id);

-- An address, not a profile: by channel and blind index, once a reason. `sealed` shows it, and goes when its person
-- is erased; the blind index stays.
CREATE TABLE suppression (
    workspace_id   uuid NOT NULL REFERENCES workspace,
    channel        text NOT NULL,
    blind          uuid NOT NULL,
    reason         text NOT NULL CHECK (reason IN ('unsubscribed', 'hard_bounce', 'complaint', 'by_hand')),
    suppression_id uuid NOT NULL,
    source         smallint NOT NULL,
    sealed         bytea,
    suppressed_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, channel, blind, reason),
    UNIQUE (workspace_id, suppression_id)
);

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['list', 'list_member', 'suppression']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I USING '
                       '(workspace_id = nullif(current_setting(''clarion.workspace'', true), '''')::uuid)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO clarion_app', t);
    END LOOP;
END $$;
