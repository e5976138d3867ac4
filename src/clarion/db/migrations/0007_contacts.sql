-- An e-mail that an update by id took away from a profile: what was accepted under it before (stamp_us) still
-- belongs to that profile; what came after is somebody else's, or nobody's yet.
CREATE TABLE identity_moved (
    workspace_id uuid NOT NULL REFERENCES workspace,
    blind        uuid NOT NULL,
    profile_id   uuid NOT NULL,
    stamp_us     bigint NOT NULL,
    PRIMARY KEY (workspace_id, blind)
);
ALTER TABLE identity_moved ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON identity_moved
    USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON identity_moved TO clarion_app;
