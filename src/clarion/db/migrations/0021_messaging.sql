-- Messages that go out: templates, what people agreed to, and what became of each message.

-- A template and its versions. `class`: marketing | transactional; `retry_unknown`: whether one that may have been
-- sent is tried once more. The newest version is `version`; a version never changes.
CREATE TABLE template (
    workspace_id  uuid NOT NULL REFERENCES workspace,
    template_id   uuid NOT NULL,
    name          text NOT NULL CHECK (name <> ''),
    channel       text NOT NULL,
    class         text NOT NULL CHECK (class IN ('marketing', 'transactional')),
    topic         text,
    retry_unknown boolean NOT NULL DEFAULT false,
    version       integer NOT NULL,
    changed_us    bigint NOT NULL,
    PRIMARY KEY (workspace_id, template_id),
    UNIQUE (workspace_id, name)
);

-- `texts`: language -> the channel's content with holes; '' is the language of whoever has another one.
CREATE TABLE template_version (
    workspace_id uuid NOT NULL,
    template_id  uuid NOT NULL,
    version      integer NOT NULL,
    texts        jsonb NOT NULL,
    made_us      bigint NOT NULL,
    PRIMARY KEY (workspace_id, template_id, version),
    FOREIGN KEY (workspace_id, template_id) REFERENCES template
);

-- What marketing is about. `opt_in`: nobody gets it who has not said yes.
CREATE TABLE topic (
    workspace_id uuid NOT NULL REFERENCES workspace,
    name         text NOT NULL CHECK (name <> ''),
    title        text NOT NULL DEFAULT '',
    opt_in       boolean NOT NULL DEFAULT false,
    PRIMARY KEY (workspace_id, name)
);

-- Yes or no of an address's owner to a topic on a channel; topic '' is the channel as a whole. It belongs to the
-- address's value, whoever has it.
CREATE TABLE consent (
    workspace_id uuid NOT NULL REFERENCES workspace,
    channel      text NOT NULL,
    blind        uuid NOT NULL,
    topic        text NOT NULL,
    agreed       boolean NOT NULL,
    source       smallint NOT NULL,
    stamp_us     bigint NOT NULL,
    stamp_id     uuid NOT NULL,
    PRIMARY KEY (workspace_id, channel, blind, topic)
);

-- A channel's rules for marketing: hours of the person's day in which nothing is sent (minutes since midnight), how
-- many messages an address gets in so many hours, and how long a message that says nothing itself may wait.
CREATE TABLE sending_rule (
    workspace_id   uuid NOT NULL REFERENCES workspace,
    channel        text NOT NULL,
    quiet_from     smallint CHECK (quiet_from BETWEEN 0 AND 1439),
    quiet_until    smallint CHECK (quiet_until BETWEEN 0 AND 1439),
    cap_messages   integer CHECK (cap_messages > 0),
    cap_hours      integer CHECK (cap_hours > 0),
    expires_hours  integer CHECK (expires_hours > 0),
    PRIMARY KEY (workspace_id, channel),
    CHECK ((quiet_from IS NULL) = (quiet_until IS NULL)),
    CHECK ((cap_messages IS NULL) = (cap_hours IS NULL))
);

-- One message to one address. `send_key`: keyed hash of what makes it the same message, however often it is planned.
-- `cause_kind`, `cause_id`: the automation, campaign or call that wanted it; its sends are counted together.
-- `blind`: the address, once it was looked up. `sealed`: recipient, data or raw content. `token` fences the worker
-- that has it. `sent_us`: since when it has been sent, or may have been; `doubt_us`: since when nobody knows which of
-- the two; `retried`: it was tried once more although nobody knew.
CREATE TABLE send (
    workspace_id  uuid NOT NULL REFERENCES workspace,
    send_id       uuid NOT NULL,
    send_key      uuid NOT NULL,
    cause_kind    text NOT NULL,
    cause_id      uuid,
    profile_id    uuid,
    channel       text NOT NULL,
    class         text NOT NULL CHECK (class IN ('marketing', 'transactional')),
    topic         text,
    template_id   uuid,
    version       integer,
    retry_unknown boolean NOT NULL DEFAULT false,
    state         text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'deferred', 'attempting',
        'accepted', 'delivered', 'bounced', 'complained', 'rejected', 'suppressed', 'expired', 'unknown', 'abandoned')),
    reason        text,
    due_us        bigint NOT NULL,
    expires_us    bigint,
    changed_us    bigint NOT NULL,
    sent_us       bigint,
    doubt_us      bigint,
    retried       boolean NOT NULL DEFAULT false,
    attempts      integer NOT NULL DEFAULT 0,
    token         uuid,
    leased_us     bigint NOT NULL DEFAULT 0,
    blind         uuid,
    provider_kind text,
    provider_ref  text,
    sealed        bytea,
    PRIMARY KEY (workspace_id, send_id),
    UNIQUE (workspace_id, send_key)
) WITH (fillfactor = 80);
-- Finished ones are in none of these but that of their cause.
CREATE INDEX send_due ON send (workspace_id, channel, due_us) WHERE state IN ('planned', 'deferred');
CREATE INDEX send_open ON send (workspace_id, leased_us) WHERE state = 'attempting';
CREATE INDEX send_unknown ON send (workspace_id, changed_us) WHERE state = 'unknown';
CREATE INDEX send_cause ON send (workspace_id, cause_id) WHERE cause_id IS NOT NULL;
CREATE INDEX send_profile ON send (workspace_id, profile_id) WHERE profile_id IS NOT NULL;
CREATE INDEX send_frequency ON send (workspace_id, blind, sent_us) WHERE class = 'marketing' AND sent_us IS NOT NULL;
CREATE INDEX send_ref ON send (workspace_id, provider_ref) WHERE provider_ref IS NOT NULL;

-- What was decided when a message was due: one record a message; where it was held, the last word and how often.
CREATE TABLE send_decision (
    workspace_id uuid NOT NULL,
    send_id      uuid NOT NULL,
    decision     text NOT NULL CHECK (decision IN ('send', 'hold', 'suppress')),
    reason       text,
    until_us     bigint,
    facts        jsonb NOT NULL,
    decided_us   bigint NOT NULL,
    times        integer NOT NULL DEFAULT 1,
    PRIMARY KEY (workspace_id, send_id)
);

-- The journal of attempts: rows are added and never changed (an erasure takes the words out). A phase is a row, so that what is known of an attempt is
-- which of them are there: `open` before anything is done, `committing` before the point of no return, `closed` with
-- what the provider said, `evidence` for what came to light after the attempt was given up.
CREATE TABLE send_attempt (
    workspace_id  uuid NOT NULL,
    send_id       uuid NOT NULL,
    n             integer NOT NULL,
    phase         text NOT NULL CHECK (phase IN ('open', 'committing', 'closed', 'evidence')),
    token         uuid NOT NULL,
    at_us         bigint NOT NULL,
    provider_id   uuid,
    provider_kind text,
    outcome       text,
    kind          text,
    provider_ref  text,
    sealed        bytea,
    PRIMARY KEY (workspace_id, send_id, n, phase)
);

ALTER TABLE template ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON template USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON template TO clarion_app;

ALTER TABLE template_version ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON template_version USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON template_version TO clarion_app;

ALTER TABLE topic ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON topic USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON topic TO clarion_app;

ALTER TABLE consent ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON consent USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON consent TO clarion_app;

ALTER TABLE sending_rule ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sending_rule USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON sending_rule TO clarion_app;

ALTER TABLE send ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON send USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON send TO clarion_app;

ALTER TABLE send_decision ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON send_decision USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON send_decision TO clarion_app;

ALTER TABLE send_attempt ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON send_attempt USING (workspace_id = nullif(current_setting('clarion.workspace', true), '')::uuid);
GRANT SELECT, INSERT, DELETE ON send_attempt TO clarion_app;
