-- Who carries a workspace's messages, and where they land until somebody was set.

-- One provider a channel; its settings are one sealed record. A send names the provider that it was handed to.
CREATE TABLE provider (
    workspace_id uuid NOT NULL REFERENCES workspace,
    provider_id  uuid NOT NULL,
    channel      text NOT NULL,
    kind         text NOT NULL,
    sealed       bytea NOT NULL,
    changed_us   bigint NOT NULL,
    PRIMARY KEY (workspace_id, provider_id),
    UNIQUE (workspace_id, channel)
);
ALTER TABLE provider ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON provider
    USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON provider TO clarion_app;

-- Messages that were handed to the mailbox: sealed as they would have gone out. `profile_id`: for whom, so that an
-- erasure finds them; null for a message to a bare address.
CREATE TABLE mailbox (
    workspace_id uuid NOT NULL REFERENCES workspace,
    mailbox_id   uuid NOT NULL,
    send_id      uuid NOT NULL,
    profile_id   uuid,
    channel      text NOT NULL,
    sealed       bytea NOT NULL,
    received_us  bigint NOT NULL,
    PRIMARY KEY (workspace_id, mailbox_id),
    UNIQUE (workspace_id, send_id)
);
CREATE INDEX mailbox_profile ON mailbox (workspace_id, profile_id);
ALTER TABLE mailbox ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON mailbox
    USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON mailbox TO clarion_app;
