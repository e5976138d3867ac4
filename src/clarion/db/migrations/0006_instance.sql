-- When somebody last worked here, and whether anything may be sent.
ALTER TABLE instance
    ADD COLUMN heartbeat_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN acting_paused_because text;  -- null: acting

-- Who paused and resumed; of the installation, not of one workspace.
CREATE TABLE acting_change (
    at      timestamptz NOT NULL DEFAULT clock_timestamp() PRIMARY KEY,
    actor   text NOT NULL,
    because text                           -- null: resumed
);
GRANT SELECT ON acting_change TO clarion_app;
