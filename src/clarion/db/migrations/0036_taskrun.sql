-- When a task of the schedule was last begun that came to its end; of the installation, not of one workspace.
CREATE TABLE task_run (
    name     text PRIMARY KEY,
    begun_at timestamptz NOT NULL
);
