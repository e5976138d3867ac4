-- The house: who may come in, who we know, what happened, and what became of every item.
-- Every tenant table's keys begin with workspace_id. Row-level security is set at the end, for all of them.

-- ---------------------------------------------------------------- shared: workspaces, members, credentials

CREATE TABLE workspace (
    workspace_id uuid PRIMARY KEY,
    name         text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    test         boolean NOT NULL DEFAULT false,
    zone         text NOT NULL DEFAULT 'UTC',
    data_key     bytea NOT NULL,              -- wrapped by the master key
    created_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE member (
    member_id  uuid PRIMARY KEY,
    email      text NOT NULL UNIQUE,
    name       text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE membership (
    workspace_id uuid NOT NULL REFERENCES workspace,
    member_id    uuid NOT NULL REFERENCES member,
    role         text NOT NULL CHECK (role IN ('owner', 'developer', 'marketer', 'viewer')),
    PRIMARY KEY (workspace_id, member_id)
);

CREATE TABLE credential (
    credential_id uuid PRIMARY KEY,
    workspace_id  uuid NOT NULL REFERENCES workspace,
    dialect       text NOT NULL,              -- 'manage' for our own management API
    role          text CHECK (role IN ('owner', 'developer', 'marketer', 'viewer')),
    label         text NOT NULL DEFAULT '',
    token_hash    bytea NOT NULL UNIQUE,      -- SHA-256 of the secret; how a caller is found
    token_start   text NOT NULL,              -- its first characters, to tell two apart
    sealed        bytea NOT NULL,             -- the secret, for owner and developer (each view is audited)
    public        jsonb NOT NULL DEFAULT '{}',-- what the vendor's caller shows beside the secret, not secret itself
    id_namespace  text,                       -- null: the dialect's name
    rates         jsonb NOT NULL DEFAULT '{}',-- bucket -> requests a minute, 0 = no limit; missing = the vendor's
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz,
    revoked_at    timestamptz,
    last_used_at  timestamptz
);
CREATE INDEX credential_workspace ON credential (workspace_id);

-- One row; tells a restored or cloned database from the data folder that it belongs to.
CREATE TABLE instance (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch      uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- ---------------------------------------------------------------- accounts: numbers, audit

CREATE TABLE number_counter (
    workspace_id uuid NOT NULL REFERENCES workspace,
    kind         text NOT NULL,
    last         integer NOT NULL,
    PRIMARY KEY (workspace_id, kind)
);

CREATE TABLE number (
    workspace_id uuid NOT NULL REFERENCES workspace,
    kind         text NOT NULL,
    number       integer NOT NULL,
    id           uuid NOT NULL,
    PRIMARY KEY (workspace_id, kind, id),
    UNIQUE (workspace_id, kind, number)
);

CREATE TABLE audit (
    workspace_id uuid NOT NULL REFERENCES workspace,
    audit_id     uuid NOT NULL,
    actor        text NOT NULL,
    action       text NOT NULL,
    detail       jsonb NOT NULL DEFAULT '{}',
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, audit_id)
);

-- ---------------------------------------------------------------- profiles

-- A member of its strongest identity. root_id, always one hop, is the person; a root with other members holds
-- the fold of all of them beside its own values. Stamps: name -> accept time (16 hex) + item id (32 hex).
CREATE TABLE profile (
    workspace_id uuid NOT NULL REFERENCES workspace,
    profile_id   uuid NOT NULL,
    root_id      uuid NOT NULL,
    created_us   bigint NOT NULL,
    traits       jsonb NOT NULL DEFAULT '{}',
    stamps       jsonb NOT NULL DEFAULT '{}',
    sealed       bytea,                       -- personal traits, one record
    zone         text,
    fold_traits  jsonb,
    fold_stamps  jsonb,
    fold_sealed  bytea,
    PRIMARY KEY (workspace_id, profile_id)
) WITH (fillfactor = 80);
CREATE INDEX profile_root ON profile (workspace_id, root_id) WHERE root_id <> profile_id;

-- One value that finds a profile. The index is a keyed hash of kind, namespace and canonical value.
CREATE TABLE identity (
    workspace_id uuid NOT NULL REFERENCES workspace,
    blind        uuid NOT NULL,
    profile_id   uuid,                        -- the member; null while it has only come as a weaker identity
    kind         smallint NOT NULL,
    namespace    text NOT NULL DEFAULT '',
    sealed       bytea NOT NULL,
    stamp_us     bigint NOT NULL,
    stamp_id     uuid NOT NULL,
    PRIMARY KEY (workspace_id, blind)
);
CREATE INDEX identity_profile ON identity (workspace_id, profile_id);

-- Where a profile can be reached; the same value may stand at several profiles.
CREATE TABLE address (
    workspace_id uuid NOT NULL REFERENCES workspace,
    profile_id   uuid NOT NULL,
    channel      text NOT NULL,
    blind        uuid NOT NULL,
    domain_blind uuid,                        -- of e-mails
    irregular    boolean NOT NULL DEFAULT false, -- a phone that is not E.164
    sealed       bytea NOT NULL,
    stamp_us     bigint NOT NULL,
    stamp_id     uuid NOT NULL,
    PRIMARY KEY (workspace_id, profile_id, channel, blind)
);
CREATE INDEX address_blind ON address (workspace_id, channel, blind);
CREATE INDEX address_domain ON address (workspace_id, domain_blind) WHERE domain_blind IS NOT NULL;

-- What can be asked of a sealed trait: equals, one of, is set.
CREATE TABLE trait_blind (
    workspace_id uuid NOT NULL REFERENCES workspace,
    trait        text NOT NULL,
    blind        uuid NOT NULL,
    profile_id   uuid NOT NULL,
    PRIMARY KEY (workspace_id, trait, blind, profile_id)
);
CREATE INDEX trait_blind_profile ON trait_blind (workspace_id, profile_id);

-- Two identities came in one item: the strongest and a weaker one. Kept once a pair with its first stamp.
CREATE TABLE identity_link (
    workspace_id uuid NOT NULL REFERENCES workspace,
    strong       uuid NOT NULL,
    weak         uuid NOT NULL,
    stamp_us     bigint NOT NULL,
    stamp_id     uuid NOT NULL,
    by_hand      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (workspace_id, strong, weak)
);
CREATE INDEX identity_link_weak ON identity_link (workspace_id, weak);

-- An un-merge: links across it never join again, except by hand.
CREATE TABLE identity_cut (
    workspace_id uuid NOT NULL REFERENCES workspace,
    cut_id       uuid NOT NULL,
    one_side     uuid[] NOT NULL,
    other_side   uuid[] NOT NULL,
    stamp_us     bigint NOT NULL,
    PRIMARY KEY (workspace_id, cut_id)
);

-- The definitions of traits. Standard names have one canonical spelling; personal ones are sealed.
CREATE TABLE trait (
    workspace_id uuid NOT NULL REFERENCES workspace,
    name         text NOT NULL,
    type         text NOT NULL CHECK (type IN
                     ('text', 'integer', 'decimal', 'boolean', 'date', 'datetime', 'choice', 'choices')),
    required     boolean NOT NULL DEFAULT false,
    readonly     boolean NOT NULL DEFAULT false,
    personal     boolean NOT NULL DEFAULT false,
    field_group  text NOT NULL DEFAULT '',
    discovered   boolean NOT NULL DEFAULT true,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, name)
);

-- A change of a trait, consent, permission, tag or list membership; only when the value changed.
CREATE TABLE profile_change (
    workspace_id uuid NOT NULL,
    profile_id   uuid NOT NULL,
    change_id    uuid NOT NULL,
    what         text NOT NULL,               -- 'trait:plan'
    value        jsonb,                       -- null: removed, or sealed
    sealed       bytea,
    stamp_us     bigint NOT NULL,
    stamp_id     uuid NOT NULL,
    cause        text NOT NULL,               -- 'event', 'call', 'merge'
    PRIMARY KEY (workspace_id, profile_id, change_id)
) PARTITION BY RANGE (change_id);

-- A person who was erased, as the blind indexes of their identities.
CREATE TABLE tombstone (
    workspace_id uuid NOT NULL REFERENCES workspace,
    blind        uuid NOT NULL,
    erased_us    bigint NOT NULL,
    PRIMARY KEY (workspace_id, blind)
);

-- ---------------------------------------------------------------- metrics

CREATE TABLE metric (
    workspace_id uuid NOT NULL REFERENCES workspace,
    metric_id    integer NOT NULL,
    name         text NOT NULL,
    status       text NOT NULL DEFAULT 'syncing' CHECK (status IN ('pending', 'syncing', 'paused')),
    discovered   boolean NOT NULL DEFAULT true,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, metric_id),
    UNIQUE (workspace_id, name)
);

CREATE TABLE metric_property (
    workspace_id uuid NOT NULL REFERENCES workspace,
    metric_id    integer NOT NULL,
    name         text NOT NULL,               -- dotted path; [] marks a list
    type         text NOT NULL CHECK (type IN
                     ('text', 'integer', 'decimal', 'boolean', 'datetime', 'list', 'null')),
    example      jsonb,                       -- null where the property is sealed
    personal     boolean NOT NULL DEFAULT false,
    first_seen   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, metric_id, name, type)
);

-- Events a day (by their own time, in the workspace's zone) that stand on the timeline.
CREATE TABLE metric_day (
    workspace_id uuid NOT NULL REFERENCES workspace,
    metric_id    integer NOT NULL,
    day          date NOT NULL,
    events       bigint NOT NULL,
    PRIMARY KEY (workspace_id, metric_id, day)
) WITH (fillfactor = 70);

-- ---------------------------------------------------------------- events

-- "Seen before?" bucket: day of the key's own time, day of now() for windows, 0 for ever. seen_at: microseconds.
CREATE TABLE event_key (
    workspace_id uuid NOT NULL,
    key_hash     uuid NOT NULL,
    event_id     uuid NOT NULL,
    seen_at      bigint NOT NULL,
    bucket       integer NOT NULL,
    revision     integer NOT NULL DEFAULT 0,
    source       smallint NOT NULL,
    PRIMARY KEY (workspace_id, source, bucket, key_hash)
);

-- A lane of a workspace is worked by one worker at a time: lease and fencing token.
CREATE TABLE lane (
    workspace_id uuid NOT NULL REFERENCES workspace,
    lane         smallint NOT NULL,
    token        uuid,
    worker       text,
    leased_until timestamptz NOT NULL DEFAULT '-infinity',
    not_before   timestamptz NOT NULL DEFAULT '-infinity', -- backoff after a failure that may pass
    failures     integer NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, lane)
);

-- The inbox: one sealed block a commit. `skip`: ordinals that were duplicates; the override arrays say which
-- event and revision an ordinal became. Counts are those of the block's requests.
CREATE TABLE journal (
    workspace_id       uuid NOT NULL,
    block_id           uuid NOT NULL,
    minute_us          bigint NOT NULL,
    accepted_us        bigint NOT NULL,       -- the stamp: the accepting statement's now()
    processed_at       timestamptz,
    items              integer NOT NULL,      -- in the block, skipped ones included
    received           integer NOT NULL,
    rejected           integer NOT NULL,
    duplicate          integer NOT NULL,
    lane               smallint NOT NULL DEFAULT 0,
    source             smallint NOT NULL,
    failures           integer NOT NULL DEFAULT 0,
    skip               integer[] NOT NULL DEFAULT '{}',
    override_ordinals  integer[] NOT NULL DEFAULT '{}',
    override_event_ids uuid[] NOT NULL DEFAULT '{}',
    override_revisions integer[] NOT NULL DEFAULT '{}',
    payload            bytea NOT NULL,
    PRIMARY KEY (workspace_id, block_id)
) PARTITION BY RANGE (block_id);
ALTER TABLE journal ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE INDEX journal_open ON journal (workspace_id, lane, block_id) WHERE processed_at IS NULL;

-- The timeline. Partitioned by accept month (event ids rise with time), keyed by whose and when.
CREATE TABLE event (
    workspace_id uuid NOT NULL,
    profile_id   uuid NOT NULL,
    occurred_at  timestamptz NOT NULL,
    event_id     uuid NOT NULL,
    metric_id    integer NOT NULL,
    revision     integer NOT NULL DEFAULT 0,
    source       smallint NOT NULL,
    history      boolean NOT NULL DEFAULT false,
    session      text,
    properties   jsonb NOT NULL DEFAULT '{}',
    sealed       bytea,                       -- sealed properties and the context; bound to event_id
    brought_by   uuid,                        -- the item of this revision, where another one gave event_id
    PRIMARY KEY (workspace_id, profile_id, occurred_at, event_id)
) PARTITION BY RANGE (event_id);
CREATE INDEX event_brought_by ON event (workspace_id, brought_by) WHERE brought_by IS NOT NULL;
CREATE INDEX event_brin ON event USING brin (event_id) WITH (pages_per_range = 16, autosummarize = on);

-- Numbers only: how many items of all workspaces wait, and since when. For readiness and back-pressure.
CREATE FUNCTION whole_backlog(OUT items bigint, OUT oldest_us bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT coalesce(sum(o.items), 0)::bigint, min(o.oldest_us)
    FROM workspace AS w CROSS JOIN LATERAL (
        SELECT sum(j.items - cardinality(j.skip)) AS items, min(j.accepted_us) AS oldest_us
        FROM journal AS j WHERE j.workspace_id = w.workspace_id AND j.processed_at IS NULL
    ) AS o
$$;

-- Acknowledged, then not processable. A whole unreadable block is one row that stands for `items`.
CREATE TABLE quarantine (
    workspace_id  uuid NOT NULL REFERENCES workspace,
    quarantine_id uuid NOT NULL,
    block_id      uuid NOT NULL,
    ordinal       integer,                    -- null: the whole block
    items         integer NOT NULL DEFAULT 1,
    minute_us     bigint NOT NULL,
    accepted_us   bigint NOT NULL,
    source        smallint NOT NULL,
    event_id      uuid,                       -- where its block overrides: the event it is a revision of
    revision      integer NOT NULL DEFAULT 0,
    attempts      integer NOT NULL DEFAULT 1,
    reason        text NOT NULL,
    detail        text NOT NULL,              -- never a value of the item
    payload       bytea NOT NULL,             -- sealed; a block's payload where ordinal is null
    skip          integer[] NOT NULL DEFAULT '{}', -- of a whole block, as are the next three
    override_ordinals  integer[] NOT NULL DEFAULT '{}',
    override_event_ids uuid[] NOT NULL DEFAULT '{}',
    override_revisions integer[] NOT NULL DEFAULT '{}',
    quarantined_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, quarantine_id)
);

-- What callers were refused: a sealed sample of the last ones of each credential.
CREATE TABLE rejected_sample (
    workspace_id  uuid NOT NULL REFERENCES workspace,
    credential_id uuid NOT NULL,
    rejected_id   uuid NOT NULL,
    code          text NOT NULL,
    sealed        bytea NOT NULL,
    PRIMARY KEY (workspace_id, credential_id, rejected_id)
);

-- What became of the items of a minute (of their ids). Blocks that are still open count from the journal.
CREATE TABLE ledger (
    workspace_id uuid NOT NULL REFERENCES workspace,
    minute_us    bigint NOT NULL,
    received     bigint NOT NULL DEFAULT 0,
    rejected     bigint NOT NULL DEFAULT 0,
    duplicate    bigint NOT NULL DEFAULT 0,
    accepted     bigint NOT NULL DEFAULT 0,
    quarantined  bigint NOT NULL DEFAULT 0,
    stored       bigint NOT NULL DEFAULT 0,
    applied      bigint NOT NULL DEFAULT 0,
    replaced     bigint NOT NULL DEFAULT 0,
    discarded    bigint NOT NULL DEFAULT 0,
    erased       bigint NOT NULL DEFAULT 0,
    expired      bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, minute_us)
) WITH (fillfactor = 70);

-- ---------------------------------------------------------------- row-level security and rights

DO $$
DECLARE t text;
BEGIN
    FOR t IN SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
             WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
               AND NOT c.relispartition AND a.attname = 'workspace_id' AND NOT a.attisdropped
               AND c.relname NOT IN ('workspace', 'membership', 'credential')
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I USING '
                       '(workspace_id = nullif(current_setting(''clarion.workspace'', true), '''')::uuid)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO clarion_app', t);
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA public TO clarion_app;
GRANT SELECT, INSERT, UPDATE ON workspace, member, membership, credential TO clarion_app;
GRANT DELETE ON membership TO clarion_app;
GRANT SELECT ON instance TO clarion_app;
REVOKE ALL ON FUNCTION whole_backlog() FROM public;
GRANT EXECUTE ON FUNCTION whole_backlog() TO clarion_app;
