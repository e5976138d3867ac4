-- Devices: where pushes can go, and whether they may.

-- One a token, found by its blind index. It belongs to the member of the newest stamp. `kind`: whose token it is by
-- its shape, which the workspace's setting overrides. `successor`: the token that a refresh put in its place.
CREATE TABLE device (
    workspace_id uuid NOT NULL REFERENCES workspace,
    blind        uuid NOT NULL,
    profile_id   uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('fcm', 'onesignal')),
    platform     text NOT NULL CHECK (platform IN ('android', 'ios', 'web')),
    may_push     boolean NOT NULL DEFAULT false,
    language     text NOT NULL,
    country      text NOT NULL,
    timezone     text NOT NULL,
    sealed       bytea NOT NULL,
    successor    uuid,
    stamp_us     bigint NOT NULL,
    stamp_id     uuid NOT NULL,
    PRIMARY KEY (workspace_id, blind)
) WITH (fillfactor = 80);
CREATE INDEX device_profile ON device (workspace_id, profile_id);
ALTER TABLE device ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON device
    USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON device TO clarion_app;

-- Whose tokens a workspace's devices have: told by their shape, or all of one provider.
ALTER TABLE workspace
    ADD COLUMN device_tokens text NOT NULL DEFAULT 'shape' CHECK (device_tokens IN ('shape', 'fcm', 'onesignal'));
