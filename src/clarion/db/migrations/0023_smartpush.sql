-- Metrics and traits that a door's calls define: whose they are (limits count those), what a metric's events may say.
ALTER TABLE trait ADD COLUMN made_by text;          -- the dialect whose call made it; null for all others
ALTER TABLE metric
    ADD COLUMN made_by   text,
    ADD COLUMN title     text NOT NULL DEFAULT '',
    ADD COLUMN discarded bigint NOT NULL DEFAULT 0; -- events that came while it was paused

CREATE TABLE metric_attribute (
    workspace_id uuid NOT NULL REFERENCES workspace,
    metric_id    integer NOT NULL,
    code         text NOT NULL,
    title        text NOT NULL,
    type         text NOT NULL CHECK (type IN ('text', 'integer', 'decimal', 'boolean', 'date')),
    PRIMARY KEY (workspace_id, metric_id, code)
);
ALTER TABLE metric_attribute ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON metric_attribute
    USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON metric_attribute TO clarion_app;

-- What vendors ask of a store before they let its API be called.
ALTER TABLE workspace
    ADD COLUMN plan        text NOT NULL DEFAULT 'standard' CHECK (plan IN ('free', 'standard', 'premium')),
    ADD COLUMN api_allowed boolean NOT NULL DEFAULT true;
