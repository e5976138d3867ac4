-- What readers of messages do, and what providers tell of them later.

-- Whether opens and clicks of a channel's marketing are seen; off unless somebody says so.
ALTER TABLE sending_rule
    ADD COLUMN track_opens  boolean NOT NULL DEFAULT false,
    ADD COLUMN track_clicks boolean NOT NULL DEFAULT false;

-- When a message was opened, and a link in it clicked, for the first time.
ALTER TABLE send
    ADD COLUMN opened_us  bigint,
    ADD COLUMN clicked_us bigint;

-- What was reported of a send after it was handed over, each kind of news once: a repeat changes nothing, and the
-- send's state is the highest of these, in whatever order they came. `hard`: a bounce for good. `origin`: a mail to
-- the return path, or the provider's own report. `sealed`: its words, which may name the address.
CREATE TABLE send_report (
    workspace_id uuid NOT NULL REFERENCES workspace,
    send_id      uuid NOT NULL,
    state        text NOT NULL CHECK (state IN ('accepted', 'delivered', 'bounced', 'complained')),
    hard         boolean NOT NULL,
    origin       text NOT NULL CHECK (origin IN ('mail', 'provider')),
    heard_us     bigint NOT NULL,
    sealed       bytea,
    PRIMARY KEY (workspace_id, send_id, state, hard)
);
ALTER TABLE send_report ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON send_report
    USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON send_report TO clarion_app;
