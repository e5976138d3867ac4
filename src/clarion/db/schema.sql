-- Made by `./run schema` from the migrations; a test holds them equal. Partitions are left out.

CREATE FUNCTION public.whole_backlog(OUT items bigint, OUT oldest_us bigint) RETURNS record
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
    SELECT coalesce(sum(o.items), 0)::bigint, min(o.oldest_us)
    FROM workspace AS w CROSS JOIN LATERAL (
        SELECT sum(j.items - cardinality(j.skip)) AS items, min(j.accepted_us) AS oldest_us
        FROM journal AS j WHERE j.workspace_id = w.workspace_id AND j.processed_at IS NULL
    ) AS o
$$;

CREATE TABLE public.acting_change (
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    actor text NOT NULL,
    because text
);

CREATE TABLE public.address (
    workspace_id uuid NOT NULL,
    profile_id uuid NOT NULL,
    channel text NOT NULL,
    blind uuid NOT NULL,
    domain_blind uuid,
    irregular boolean DEFAULT false NOT NULL,
    sealed bytea NOT NULL,
    stamp_us bigint NOT NULL,
    stamp_id uuid NOT NULL
);

CREATE TABLE public.audit (
    workspace_id uuid NOT NULL,
    audit_id uuid NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.automation (
    workspace_id uuid NOT NULL,
    automation_id uuid NOT NULL,
    name text NOT NULL,
    status text DEFAULT 'draft'::text NOT NULL,
    version integer NOT NULL,
    live_version integer,
    created_us bigint NOT NULL,
    changed_us bigint NOT NULL,
    CONSTRAINT automation_status_check CHECK ((status = ANY (ARRAY['draft'::text, 'live'::text, 'paused'::text, 'archived'::text])))
);

CREATE TABLE public.automation_version (
    workspace_id uuid NOT NULL,
    automation_id uuid NOT NULL,
    version integer NOT NULL,
    definition json NOT NULL,
    made_by text NOT NULL,
    made_us bigint NOT NULL,
    published_us bigint,
    replaced_by integer
);

CREATE TABLE public.consent (
    workspace_id uuid NOT NULL,
    channel text NOT NULL,
    blind uuid NOT NULL,
    topic text NOT NULL,
    agreed boolean NOT NULL,
    source smallint NOT NULL,
    stamp_us bigint NOT NULL,
    stamp_id uuid NOT NULL
);

CREATE TABLE public.credential (
    credential_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    dialect text NOT NULL,
    role text,
    label text DEFAULT ''::text NOT NULL,
    token_hash bytea NOT NULL,
    token_start text NOT NULL,
    sealed bytea NOT NULL,
    public jsonb DEFAULT '{}'::jsonb NOT NULL,
    id_namespace text,
    rates jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    issued_by uuid,
    CONSTRAINT credential_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'developer'::text, 'marketer'::text, 'viewer'::text])))
);

CREATE TABLE public.credential_use (
    workspace_id uuid NOT NULL,
    credential_id uuid NOT NULL,
    minute_us bigint NOT NULL,
    bucket text NOT NULL,
    requests bigint NOT NULL,
    refused bigint NOT NULL
)
WITH (fillfactor='70');

CREATE TABLE public.customer_order (
    workspace_id uuid NOT NULL,
    order_id uuid NOT NULL,
    external_order_id text NOT NULL,
    profile_id uuid NOT NULL,
    status text NOT NULL,
    ordered_at timestamp with time zone NOT NULL,
    total_cost numeric NOT NULL,
    currency text NOT NULL,
    shipping numeric,
    discount numeric,
    taxes numeric,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    items jsonb,
    sealed bytea,
    source smallint NOT NULL,
    created_us bigint NOT NULL,
    changed_us bigint NOT NULL,
    CONSTRAINT customer_order_status_check CHECK ((status = ANY (ARRAY['INITIALIZED'::text, 'IN_PROGRESS'::text, 'DELIVERED'::text, 'CANCELLED'::text, 'ABANDONED_SHOPPING_CART'::text])))
);

CREATE TABLE public.device (
    workspace_id uuid NOT NULL,
    blind uuid NOT NULL,
    profile_id uuid NOT NULL,
    kind text NOT NULL,
    platform text NOT NULL,
    may_push boolean DEFAULT false NOT NULL,
    language text NOT NULL,
    country text NOT NULL,
    timezone text NOT NULL,
    sealed bytea NOT NULL,
    successor uuid,
    stamp_us bigint NOT NULL,
    stamp_id uuid NOT NULL,
    CONSTRAINT device_kind_check CHECK ((kind = ANY (ARRAY['fcm'::text, 'onesignal'::text]))),
    CONSTRAINT device_platform_check CHECK ((platform = ANY (ARRAY['android'::text, 'ios'::text, 'web'::text])))
)
WITH (fillfactor='80');

CREATE TABLE public.erasure (
    workspace_id uuid NOT NULL,
    erasure_id uuid NOT NULL,
    profile_id uuid NOT NULL,
    erased_us bigint NOT NULL,
    actor text NOT NULL,
    awaited text[] NOT NULL,
    lines jsonb DEFAULT '{}'::jsonb NOT NULL
);

CREATE TABLE public.event (
    workspace_id uuid NOT NULL,
    profile_id uuid NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    event_id uuid NOT NULL,
    metric_id integer NOT NULL,
    revision integer DEFAULT 0 NOT NULL,
    source smallint NOT NULL,
    history boolean DEFAULT false NOT NULL,
    session text,
    properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    sealed bytea,
    brought_by uuid
)
PARTITION BY RANGE (event_id);

CREATE TABLE public.event_key (
    workspace_id uuid NOT NULL,
    key uuid CONSTRAINT event_key_key_hash_not_null NOT NULL,
    event_id uuid NOT NULL,
    seen_at bigint NOT NULL,
    revision integer DEFAULT 0 NOT NULL,
    source smallint NOT NULL
);

CREATE TABLE public.identity (
    workspace_id uuid NOT NULL,
    blind uuid NOT NULL,
    profile_id uuid,
    kind smallint NOT NULL,
    namespace text DEFAULT ''::text NOT NULL,
    sealed bytea NOT NULL,
    stamp_us bigint NOT NULL,
    stamp_id uuid NOT NULL,
    root_id uuid,
    newest bytea DEFAULT '\x'::bytea NOT NULL,
    shared boolean DEFAULT false NOT NULL,
    former boolean DEFAULT false NOT NULL
);

CREATE TABLE public.identity_cut (
    workspace_id uuid NOT NULL,
    cut_id uuid NOT NULL,
    one_side uuid[] NOT NULL,
    other_side uuid[] NOT NULL,
    stamp_us bigint NOT NULL
);

CREATE TABLE public.identity_link (
    workspace_id uuid NOT NULL,
    strong uuid NOT NULL,
    weak uuid NOT NULL,
    stamp_us bigint NOT NULL,
    stamp_id uuid NOT NULL,
    by_hand boolean DEFAULT false NOT NULL
);

CREATE TABLE public.identity_moved (
    workspace_id uuid NOT NULL,
    blind uuid NOT NULL,
    stamp_us bigint NOT NULL,
    became uuid NOT NULL,
    address uuid
);

CREATE TABLE public.instance (
    one boolean DEFAULT true NOT NULL,
    epoch uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    heartbeat_at timestamp with time zone DEFAULT now() NOT NULL,
    acting_paused_because text,
    CONSTRAINT instance_one_check CHECK (one)
);

CREATE TABLE public.job (
    workspace_id uuid NOT NULL,
    job_id uuid NOT NULL,
    kind text NOT NULL,
    payload bytea NOT NULL,
    state text DEFAULT 'ready'::text NOT NULL,
    run_at timestamp with time zone DEFAULT now() NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    token uuid,
    leased_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    last_error text,
    done integer DEFAULT 0 NOT NULL,
    CONSTRAINT job_state_check CHECK ((state = ANY (ARRAY['ready'::text, 'failed'::text])))
)
WITH (fillfactor='70');

CREATE TABLE public.journal (
    workspace_id uuid NOT NULL,
    block_id uuid NOT NULL,
    minute_us bigint NOT NULL,
    accepted_us bigint NOT NULL,
    processed_at timestamp with time zone,
    items integer NOT NULL,
    received integer NOT NULL,
    rejected integer NOT NULL,
    duplicate integer NOT NULL,
    lane smallint DEFAULT 0 NOT NULL,
    source smallint NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    skip integer[] DEFAULT '{}'::integer[] NOT NULL,
    override_ordinals integer[] DEFAULT '{}'::integer[] NOT NULL,
    override_event_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    override_revisions integer[] DEFAULT '{}'::integer[] NOT NULL,
    payload bytea NOT NULL
)
PARTITION BY RANGE (block_id);
ALTER TABLE ONLY public.journal ALTER COLUMN payload SET STORAGE EXTERNAL;

CREATE TABLE public.lane (
    workspace_id uuid NOT NULL,
    lane smallint NOT NULL,
    token uuid,
    worker text,
    leased_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    not_before timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    epoch bigint DEFAULT 0 NOT NULL,
    listening bigint DEFAULT 0 NOT NULL
);

CREATE TABLE public.ledger (
    workspace_id uuid NOT NULL,
    minute_us bigint NOT NULL,
    received bigint DEFAULT 0 NOT NULL,
    rejected bigint DEFAULT 0 NOT NULL,
    duplicate bigint DEFAULT 0 NOT NULL,
    accepted bigint DEFAULT 0 NOT NULL,
    quarantined bigint DEFAULT 0 NOT NULL,
    stored bigint DEFAULT 0 NOT NULL,
    applied bigint DEFAULT 0 NOT NULL,
    replaced bigint DEFAULT 0 NOT NULL,
    discarded bigint DEFAULT 0 NOT NULL,
    erased bigint DEFAULT 0 NOT NULL,
    expired bigint DEFAULT 0 NOT NULL,
    acknowledged bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='70');

CREATE TABLE public.list (
    workspace_id uuid NOT NULL,
    list_id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT list_name_check CHECK ((name <> ''::text))
);

CREATE TABLE public.list_member (
    workspace_id uuid NOT NULL,
    list_id uuid NOT NULL,
    profile_id uuid NOT NULL,
    attached boolean NOT NULL,
    stamp_us bigint NOT NULL,
    stamp_id uuid NOT NULL
);

CREATE TABLE public.mailbox (
    workspace_id uuid NOT NULL,
    mailbox_id uuid NOT NULL,
    send_id uuid NOT NULL,
    profile_id uuid,
    channel text NOT NULL,
    sealed bytea NOT NULL,
    received_us bigint NOT NULL,
    blind uuid
);

CREATE TABLE public.member (
    member_id uuid NOT NULL,
    email text NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.membership (
    workspace_id uuid NOT NULL,
    member_id uuid NOT NULL,
    role text NOT NULL,
    CONSTRAINT membership_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'developer'::text, 'marketer'::text, 'viewer'::text])))
);

CREATE TABLE public.metric (
    workspace_id uuid NOT NULL,
    metric_id integer NOT NULL,
    name text NOT NULL,
    status text DEFAULT 'syncing'::text NOT NULL,
    discovered boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    made_by text,
    title text DEFAULT ''::text NOT NULL,
    discarded bigint DEFAULT 0 NOT NULL,
    CONSTRAINT metric_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'syncing'::text, 'paused'::text])))
);

CREATE TABLE public.metric_attribute (
    workspace_id uuid NOT NULL,
    metric_id integer NOT NULL,
    code text NOT NULL,
    title text NOT NULL,
    type text NOT NULL,
    CONSTRAINT metric_attribute_type_check CHECK ((type = ANY (ARRAY['text'::text, 'integer'::text, 'decimal'::text, 'boolean'::text, 'date'::text])))
);

CREATE TABLE public.metric_day (
    workspace_id uuid NOT NULL,
    metric_id integer NOT NULL,
    day date NOT NULL,
    events bigint NOT NULL
)
WITH (fillfactor='70');

CREATE TABLE public.metric_property (
    workspace_id uuid NOT NULL,
    metric_id integer NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    example jsonb,
    personal boolean DEFAULT false NOT NULL,
    first_seen timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT metric_property_type_check CHECK ((type = ANY (ARRAY['text'::text, 'integer'::text, 'decimal'::text, 'boolean'::text, 'datetime'::text, 'list'::text, 'null'::text])))
);

CREATE TABLE public.number (
    workspace_id uuid NOT NULL,
    kind text NOT NULL,
    number integer NOT NULL,
    id uuid NOT NULL
);

CREATE TABLE public.number_counter (
    workspace_id uuid NOT NULL,
    kind text NOT NULL,
    last integer NOT NULL
);

CREATE TABLE public.order_status (
    workspace_id uuid NOT NULL,
    order_id uuid NOT NULL,
    event_id uuid NOT NULL,
    status text NOT NULL,
    changed_us bigint NOT NULL
);

CREATE TABLE public.profile (
    workspace_id uuid NOT NULL,
    profile_id uuid NOT NULL,
    root_id uuid NOT NULL,
    created_us bigint NOT NULL,
    traits jsonb DEFAULT '{}'::jsonb NOT NULL,
    stamps jsonb DEFAULT '{}'::jsonb NOT NULL,
    sealed bytea,
    zone text,
    fold_traits jsonb,
    fold_stamps jsonb,
    fold_sealed bytea,
    erased boolean DEFAULT false NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE public.profile_change (
    workspace_id uuid NOT NULL,
    profile_id uuid NOT NULL,
    change_id uuid NOT NULL,
    what text NOT NULL,
    value jsonb,
    sealed bytea,
    stamp_us bigint NOT NULL,
    stamp_id uuid NOT NULL,
    cause text NOT NULL,
    refused text
)
PARTITION BY RANGE (change_id);

CREATE TABLE public.provider (
    workspace_id uuid NOT NULL,
    provider_id uuid NOT NULL,
    channel text NOT NULL,
    kind text NOT NULL,
    sealed bytea NOT NULL,
    changed_us bigint NOT NULL
);

CREATE TABLE public.quarantine (
    workspace_id uuid NOT NULL,
    quarantine_id uuid NOT NULL,
    block_id uuid NOT NULL,
    ordinal integer,
    items integer DEFAULT 1 NOT NULL,
    minute_us bigint NOT NULL,
    accepted_us bigint NOT NULL,
    source smallint NOT NULL,
    event_id uuid,
    revision integer DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 1 NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    payload bytea NOT NULL,
    skip integer[] DEFAULT '{}'::integer[] NOT NULL,
    override_ordinals integer[] DEFAULT '{}'::integer[] NOT NULL,
    override_event_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    override_revisions integer[] DEFAULT '{}'::integer[] NOT NULL,
    quarantined_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.rejected_sample (
    workspace_id uuid NOT NULL,
    credential_id uuid NOT NULL,
    rejected_id uuid NOT NULL,
    code text NOT NULL,
    sealed bytea NOT NULL
);

CREATE TABLE public.run (
    workspace_id uuid NOT NULL,
    run_id uuid NOT NULL,
    automation_id uuid NOT NULL,
    version integer NOT NULL,
    profile_id uuid NOT NULL,
    cause text NOT NULL,
    cause_id uuid NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    node text NOT NULL,
    entered_us bigint,
    steps integer DEFAULT 0 NOT NULL,
    due_us bigint,
    failures integer DEFAULT 0 NOT NULL,
    last_error text,
    begun_us bigint NOT NULL,
    ended_us bigint,
    reason text
);

CREATE TABLE public.schema_migration (
    number integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.send (
    workspace_id uuid NOT NULL,
    send_id uuid NOT NULL,
    send_key uuid NOT NULL,
    cause_kind text NOT NULL,
    cause_id uuid,
    profile_id uuid,
    channel text NOT NULL,
    class text NOT NULL,
    topic text,
    template_id uuid,
    version integer,
    retry_unknown boolean DEFAULT false NOT NULL,
    state text DEFAULT 'planned'::text NOT NULL,
    reason text,
    due_us bigint NOT NULL,
    expires_us bigint,
    changed_us bigint NOT NULL,
    sent_us bigint,
    doubt_us bigint,
    retried boolean DEFAULT false NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    token uuid,
    leased_us bigint DEFAULT 0 NOT NULL,
    blind uuid,
    provider_kind text,
    provider_ref text,
    sealed bytea,
    opened_us bigint,
    clicked_us bigint,
    wish uuid,
    CONSTRAINT send_class_check CHECK ((class = ANY (ARRAY['marketing'::text, 'transactional'::text]))),
    CONSTRAINT send_state_check CHECK ((state = ANY (ARRAY['planned'::text, 'deferred'::text, 'attempting'::text, 'accepted'::text, 'delivered'::text, 'bounced'::text, 'complained'::text, 'rejected'::text, 'suppressed'::text, 'expired'::text, 'unknown'::text, 'abandoned'::text])))
)
WITH (fillfactor='80');

CREATE TABLE public.send_attempt (
    workspace_id uuid NOT NULL,
    send_id uuid NOT NULL,
    n integer NOT NULL,
    phase text NOT NULL,
    token uuid NOT NULL,
    at_us bigint NOT NULL,
    provider_id uuid,
    provider_kind text,
    outcome text,
    kind text,
    provider_ref text,
    sealed bytea,
    CONSTRAINT send_attempt_phase_check CHECK ((phase = ANY (ARRAY['open'::text, 'committing'::text, 'closed'::text, 'evidence'::text])))
);

CREATE TABLE public.send_decision (
    workspace_id uuid NOT NULL,
    send_id uuid NOT NULL,
    decision text NOT NULL,
    reason text,
    until_us bigint,
    facts jsonb NOT NULL,
    decided_us bigint NOT NULL,
    times integer DEFAULT 1 NOT NULL,
    recipient bytea,
    CONSTRAINT send_decision_decision_check CHECK ((decision = ANY (ARRAY['send'::text, 'hold'::text, 'suppress'::text])))
);

CREATE TABLE public.send_report (
    workspace_id uuid NOT NULL,
    send_id uuid NOT NULL,
    state text NOT NULL,
    hard boolean NOT NULL,
    origin text NOT NULL,
    heard_us bigint NOT NULL,
    sealed bytea,
    CONSTRAINT send_report_origin_check CHECK ((origin = ANY (ARRAY['mail'::text, 'provider'::text]))),
    CONSTRAINT send_report_state_check CHECK ((state = ANY (ARRAY['accepted'::text, 'delivered'::text, 'bounced'::text, 'complained'::text])))
);

CREATE TABLE public.sending_rule (
    workspace_id uuid NOT NULL,
    channel text NOT NULL,
    quiet_from smallint,
    quiet_until smallint,
    cap_messages integer,
    cap_hours integer,
    expires_hours integer,
    track_opens boolean DEFAULT false NOT NULL,
    track_clicks boolean DEFAULT false NOT NULL,
    CONSTRAINT sending_rule_cap_hours_check CHECK ((cap_hours > 0)),
    CONSTRAINT sending_rule_cap_messages_check CHECK ((cap_messages > 0)),
    CONSTRAINT sending_rule_check CHECK (((quiet_from IS NULL) = (quiet_until IS NULL))),
    CONSTRAINT sending_rule_check1 CHECK (((cap_messages IS NULL) = (cap_hours IS NULL))),
    CONSTRAINT sending_rule_expires_hours_check CHECK ((expires_hours > 0)),
    CONSTRAINT sending_rule_quiet_from_check CHECK (((quiet_from >= 0) AND (quiet_from <= 1439))),
    CONSTRAINT sending_rule_quiet_until_check CHECK (((quiet_until >= 0) AND (quiet_until <= 1439)))
);

CREATE TABLE public.suppression (
    workspace_id uuid NOT NULL,
    channel text NOT NULL,
    blind uuid NOT NULL,
    reason text NOT NULL,
    suppression_id uuid NOT NULL,
    source smallint NOT NULL,
    sealed bytea,
    suppressed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT suppression_reason_check CHECK ((reason = ANY (ARRAY['unsubscribed'::text, 'hard_bounce'::text, 'complaint'::text, 'by_hand'::text])))
);

CREATE TABLE public.task_run (
    name text NOT NULL,
    begun_at timestamp with time zone NOT NULL
);

CREATE TABLE public.template (
    workspace_id uuid NOT NULL,
    template_id uuid NOT NULL,
    name text NOT NULL,
    channel text NOT NULL,
    class text NOT NULL,
    topic text,
    retry_unknown boolean DEFAULT false NOT NULL,
    version integer NOT NULL,
    changed_us bigint NOT NULL,
    sender text,
    sender_name text,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    deleted_us bigint,
    CONSTRAINT template_class_check CHECK ((class = ANY (ARRAY['marketing'::text, 'transactional'::text]))),
    CONSTRAINT template_name_check CHECK ((name <> ''::text))
);

CREATE TABLE public.template_version (
    workspace_id uuid NOT NULL,
    template_id uuid NOT NULL,
    version integer NOT NULL,
    texts jsonb NOT NULL,
    made_us bigint NOT NULL
);

CREATE TABLE public.tombstone (
    workspace_id uuid NOT NULL,
    blind uuid NOT NULL,
    erased_us bigint NOT NULL
);

CREATE TABLE public.topic (
    workspace_id uuid NOT NULL,
    name text NOT NULL,
    title text DEFAULT ''::text NOT NULL,
    opt_in boolean DEFAULT false NOT NULL,
    CONSTRAINT topic_name_check CHECK ((name <> ''::text))
);

CREATE TABLE public.trait (
    workspace_id uuid NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    required boolean DEFAULT false NOT NULL,
    readonly boolean DEFAULT false NOT NULL,
    personal boolean DEFAULT false NOT NULL,
    field_group text DEFAULT ''::text NOT NULL,
    discovered boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    options text[],
    refused bigint DEFAULT 0 NOT NULL,
    refused_reason text,
    refused_us bigint,
    example jsonb,
    settling uuid,
    made_by text,
    CONSTRAINT trait_type_check CHECK ((type = ANY (ARRAY['text'::text, 'integer'::text, 'decimal'::text, 'boolean'::text, 'date'::text, 'datetime'::text, 'choice'::text, 'choices'::text])))
);

CREATE TABLE public.trait_blind (
    workspace_id uuid NOT NULL,
    trait text NOT NULL,
    blind uuid NOT NULL,
    profile_id uuid NOT NULL
);

CREATE TABLE public.workspace (
    workspace_id uuid NOT NULL,
    name text NOT NULL,
    test boolean DEFAULT false NOT NULL,
    zone text DEFAULT 'UTC'::text NOT NULL,
    data_key bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    plan text DEFAULT 'standard'::text NOT NULL,
    api_allowed boolean DEFAULT true NOT NULL,
    device_tokens text DEFAULT 'shape'::text NOT NULL,
    CONSTRAINT workspace_device_tokens_check CHECK ((device_tokens = ANY (ARRAY['shape'::text, 'fcm'::text, 'onesignal'::text]))),
    CONSTRAINT workspace_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text)),
    CONSTRAINT workspace_plan_check CHECK ((plan = ANY (ARRAY['free'::text, 'standard'::text, 'premium'::text])))
);

ALTER TABLE ONLY public.acting_change
    ADD CONSTRAINT acting_change_pkey PRIMARY KEY (at);

ALTER TABLE ONLY public.address
    ADD CONSTRAINT address_pkey PRIMARY KEY (workspace_id, profile_id, channel, blind);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (workspace_id, audit_id);

ALTER TABLE ONLY public.automation
    ADD CONSTRAINT automation_pkey PRIMARY KEY (workspace_id, automation_id);

ALTER TABLE ONLY public.automation_version
    ADD CONSTRAINT automation_version_pkey PRIMARY KEY (workspace_id, automation_id, version);

ALTER TABLE ONLY public.automation
    ADD CONSTRAINT automation_workspace_id_name_key UNIQUE (workspace_id, name);

ALTER TABLE ONLY public.consent
    ADD CONSTRAINT consent_pkey PRIMARY KEY (workspace_id, channel, blind, topic);

ALTER TABLE ONLY public.credential
    ADD CONSTRAINT credential_pkey PRIMARY KEY (credential_id);

ALTER TABLE ONLY public.credential
    ADD CONSTRAINT credential_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.credential_use
    ADD CONSTRAINT credential_use_pkey PRIMARY KEY (workspace_id, credential_id, minute_us, bucket);

ALTER TABLE ONLY public.customer_order
    ADD CONSTRAINT customer_order_pkey PRIMARY KEY (workspace_id, order_id);

ALTER TABLE ONLY public.customer_order
    ADD CONSTRAINT customer_order_workspace_id_external_order_id_key UNIQUE (workspace_id, external_order_id);

ALTER TABLE ONLY public.device
    ADD CONSTRAINT device_pkey PRIMARY KEY (workspace_id, blind);

ALTER TABLE ONLY public.erasure
    ADD CONSTRAINT erasure_pkey PRIMARY KEY (workspace_id, erasure_id);

ALTER TABLE ONLY public.event_key
    ADD CONSTRAINT event_key_pkey PRIMARY KEY (workspace_id, key);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (workspace_id, profile_id, occurred_at, event_id);

ALTER TABLE ONLY public.identity_cut
    ADD CONSTRAINT identity_cut_pkey PRIMARY KEY (workspace_id, cut_id);

ALTER TABLE ONLY public.identity_link
    ADD CONSTRAINT identity_link_pkey PRIMARY KEY (workspace_id, strong, weak, by_hand);

ALTER TABLE ONLY public.identity_moved
    ADD CONSTRAINT identity_moved_pkey PRIMARY KEY (workspace_id, blind, stamp_us);

ALTER TABLE ONLY public.identity
    ADD CONSTRAINT identity_pkey PRIMARY KEY (workspace_id, blind);

ALTER TABLE ONLY public.instance
    ADD CONSTRAINT instance_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (workspace_id, job_id);

ALTER TABLE ONLY public.journal
    ADD CONSTRAINT journal_pkey PRIMARY KEY (workspace_id, block_id);

ALTER TABLE ONLY public.lane
    ADD CONSTRAINT lane_pkey PRIMARY KEY (workspace_id, lane);

ALTER TABLE ONLY public.ledger
    ADD CONSTRAINT ledger_pkey PRIMARY KEY (workspace_id, minute_us);

ALTER TABLE ONLY public.list_member
    ADD CONSTRAINT list_member_pkey PRIMARY KEY (workspace_id, list_id, profile_id);

ALTER TABLE ONLY public.list
    ADD CONSTRAINT list_pkey PRIMARY KEY (workspace_id, list_id);

ALTER TABLE ONLY public.list
    ADD CONSTRAINT list_workspace_id_name_key UNIQUE (workspace_id, name);

ALTER TABLE ONLY public.mailbox
    ADD CONSTRAINT mailbox_pkey PRIMARY KEY (workspace_id, mailbox_id);

ALTER TABLE ONLY public.mailbox
    ADD CONSTRAINT mailbox_workspace_id_send_id_key UNIQUE (workspace_id, send_id);

ALTER TABLE ONLY public.member
    ADD CONSTRAINT member_email_key UNIQUE (email);

ALTER TABLE ONLY public.member
    ADD CONSTRAINT member_pkey PRIMARY KEY (member_id);

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT membership_pkey PRIMARY KEY (workspace_id, member_id);

ALTER TABLE ONLY public.metric_attribute
    ADD CONSTRAINT metric_attribute_pkey PRIMARY KEY (workspace_id, metric_id, code);

ALTER TABLE ONLY public.metric_day
    ADD CONSTRAINT metric_day_pkey PRIMARY KEY (workspace_id, metric_id, day);

ALTER TABLE ONLY public.metric
    ADD CONSTRAINT metric_pkey PRIMARY KEY (workspace_id, metric_id);

ALTER TABLE ONLY public.metric_property
    ADD CONSTRAINT metric_property_pkey PRIMARY KEY (workspace_id, metric_id, name, type);

ALTER TABLE ONLY public.metric
    ADD CONSTRAINT metric_workspace_id_name_key UNIQUE (workspace_id, name);

ALTER TABLE ONLY public.number_counter
    ADD CONSTRAINT number_counter_pkey PRIMARY KEY (workspace_id, kind);

ALTER TABLE ONLY public.number
    ADD CONSTRAINT number_pkey PRIMARY KEY (workspace_id, kind, id);

ALTER TABLE ONLY public.number
    ADD CONSTRAINT number_workspace_id_kind_number_key UNIQUE (workspace_id, kind, number);

ALTER TABLE ONLY public.order_status
    ADD CONSTRAINT order_status_pkey PRIMARY KEY (workspace_id, order_id, event_id);

ALTER TABLE ONLY public.profile_change
    ADD CONSTRAINT profile_change_pkey PRIMARY KEY (workspace_id, profile_id, change_id);

ALTER TABLE ONLY public.profile
    ADD CONSTRAINT profile_pkey PRIMARY KEY (workspace_id, profile_id);

ALTER TABLE ONLY public.provider
    ADD CONSTRAINT provider_pkey PRIMARY KEY (workspace_id, provider_id);

ALTER TABLE ONLY public.provider
    ADD CONSTRAINT provider_workspace_id_channel_key UNIQUE (workspace_id, channel);

ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (workspace_id, quarantine_id);

ALTER TABLE ONLY public.rejected_sample
    ADD CONSTRAINT rejected_sample_pkey PRIMARY KEY (workspace_id, credential_id, rejected_id);

ALTER TABLE ONLY public.run
    ADD CONSTRAINT run_pkey PRIMARY KEY (workspace_id, run_id);

ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.send_attempt
    ADD CONSTRAINT send_attempt_pkey PRIMARY KEY (workspace_id, send_id, n, phase);

ALTER TABLE ONLY public.send_decision
    ADD CONSTRAINT send_decision_pkey PRIMARY KEY (workspace_id, send_id);

ALTER TABLE ONLY public.send
    ADD CONSTRAINT send_pkey PRIMARY KEY (workspace_id, send_id);

ALTER TABLE ONLY public.send_report
    ADD CONSTRAINT send_report_pkey PRIMARY KEY (workspace_id, send_id, state, hard);

ALTER TABLE ONLY public.send
    ADD CONSTRAINT send_workspace_id_send_key_key UNIQUE (workspace_id, send_key);

ALTER TABLE ONLY public.sending_rule
    ADD CONSTRAINT sending_rule_pkey PRIMARY KEY (workspace_id, channel);

ALTER TABLE ONLY public.suppression
    ADD CONSTRAINT suppression_pkey PRIMARY KEY (workspace_id, channel, blind, reason);

ALTER TABLE ONLY public.suppression
    ADD CONSTRAINT suppression_workspace_id_suppression_id_key UNIQUE (workspace_id, suppression_id);

ALTER TABLE ONLY public.task_run
    ADD CONSTRAINT task_run_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.template
    ADD CONSTRAINT template_pkey PRIMARY KEY (workspace_id, template_id);

ALTER TABLE ONLY public.template_version
    ADD CONSTRAINT template_version_pkey PRIMARY KEY (workspace_id, template_id, version);

ALTER TABLE ONLY public.tombstone
    ADD CONSTRAINT tombstone_pkey PRIMARY KEY (workspace_id, blind, erased_us);

ALTER TABLE ONLY public.topic
    ADD CONSTRAINT topic_pkey PRIMARY KEY (workspace_id, name);

ALTER TABLE ONLY public.trait_blind
    ADD CONSTRAINT trait_blind_pkey PRIMARY KEY (workspace_id, trait, blind, profile_id);

ALTER TABLE ONLY public.trait
    ADD CONSTRAINT trait_pkey PRIMARY KEY (workspace_id, name);

ALTER TABLE ONLY public.workspace
    ADD CONSTRAINT workspace_name_key UNIQUE (name);

ALTER TABLE ONLY public.workspace
    ADD CONSTRAINT workspace_pkey PRIMARY KEY (workspace_id);

CREATE INDEX address_blind ON public.address USING btree (workspace_id, channel, blind);

CREATE INDEX address_domain ON public.address USING btree (workspace_id, domain_blind) WHERE (domain_blind IS NOT NULL);

CREATE INDEX credential_issued_by ON public.credential USING btree (issued_by) WHERE (issued_by IS NOT NULL);

CREATE INDEX credential_workspace ON public.credential USING btree (workspace_id);

CREATE INDEX customer_order_profile ON public.customer_order USING btree (workspace_id, profile_id, ordered_at);

CREATE INDEX device_profile ON public.device USING btree (workspace_id, profile_id);

CREATE INDEX event_brin ON ONLY public.event USING brin (event_id) WITH (pages_per_range='16', autosummarize='on');

CREATE INDEX event_brought_by ON ONLY public.event USING btree (workspace_id, brought_by) WHERE (brought_by IS NOT NULL);

CREATE INDEX identity_link_weak ON public.identity_link USING btree (workspace_id, weak);

CREATE INDEX identity_moved_became ON public.identity_moved USING btree (workspace_id, became);

CREATE INDEX identity_root ON public.identity USING btree (workspace_id, root_id) WHERE (root_id IS NOT NULL);

CREATE INDEX job_due ON public.job USING btree (workspace_id, run_at) WHERE (state = 'ready'::text);

CREATE INDEX journal_open ON ONLY public.journal USING btree (workspace_id, lane, block_id) WHERE (processed_at IS NULL);

CREATE INDEX list_member_profile ON public.list_member USING btree (workspace_id, profile_id);

CREATE INDEX mailbox_profile ON public.mailbox USING btree (workspace_id, profile_id);

CREATE INDEX profile_root ON public.profile USING btree (workspace_id, root_id) WHERE (root_id <> profile_id);

CREATE INDEX run_due ON public.run USING btree (workspace_id, due_us) WHERE ((ended_us IS NULL) AND (due_us IS NOT NULL));

CREATE INDEX run_of_automation ON public.run USING btree (workspace_id, automation_id, begun_us);

CREATE INDEX run_of_profile ON public.run USING btree (workspace_id, profile_id, automation_id);

CREATE INDEX run_parked ON public.run USING btree (workspace_id, automation_id) WHERE ((ended_us IS NULL) AND (due_us IS NULL));

CREATE INDEX send_address ON public.send USING btree (workspace_id, blind, send_id) WHERE (blind IS NOT NULL);

CREATE INDEX send_cause ON public.send USING btree (workspace_id, cause_id) WHERE (cause_id IS NOT NULL);

CREATE INDEX send_due ON public.send USING btree (workspace_id, channel, due_us) WHERE (state = ANY (ARRAY['planned'::text, 'deferred'::text]));

CREATE INDEX send_frequency ON public.send USING btree (workspace_id, blind, sent_us) WHERE ((class = 'marketing'::text) AND (sent_us IS NOT NULL));

CREATE INDEX send_open ON public.send USING btree (workspace_id, leased_us) WHERE (state = 'attempting'::text);

CREATE INDEX send_profile ON public.send USING btree (workspace_id, profile_id) WHERE (profile_id IS NOT NULL);

CREATE INDEX send_ref ON public.send USING btree (workspace_id, provider_ref) WHERE (provider_ref IS NOT NULL);

CREATE INDEX send_unknown ON public.send USING btree (workspace_id, changed_us) WHERE (state = 'unknown'::text);

CREATE INDEX send_waiting ON public.send USING btree (workspace_id, channel, due_us) WHERE ((state = ANY (ARRAY['planned'::text, 'deferred'::text])) AND (class = 'transactional'::text));

CREATE UNIQUE INDEX template_name ON public.template USING btree (workspace_id, name) WHERE (deleted_us IS NULL);

CREATE INDEX trait_blind_profile ON public.trait_blind USING btree (workspace_id, profile_id);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.automation
    ADD CONSTRAINT automation_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.consent
    ADD CONSTRAINT consent_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.credential
    ADD CONSTRAINT credential_issued_by_fkey FOREIGN KEY (issued_by) REFERENCES public.credential(credential_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.credential_use
    ADD CONSTRAINT credential_use_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.credential
    ADD CONSTRAINT credential_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.device
    ADD CONSTRAINT device_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.erasure
    ADD CONSTRAINT erasure_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.identity_cut
    ADD CONSTRAINT identity_cut_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.identity_moved
    ADD CONSTRAINT identity_moved_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.lane
    ADD CONSTRAINT lane_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.ledger
    ADD CONSTRAINT ledger_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.list_member
    ADD CONSTRAINT list_member_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.list
    ADD CONSTRAINT list_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.mailbox
    ADD CONSTRAINT mailbox_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT membership_member_id_fkey FOREIGN KEY (member_id) REFERENCES public.member(member_id);

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT membership_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.metric_attribute
    ADD CONSTRAINT metric_attribute_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.metric_day
    ADD CONSTRAINT metric_day_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.metric_property
    ADD CONSTRAINT metric_property_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.metric
    ADD CONSTRAINT metric_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.number_counter
    ADD CONSTRAINT number_counter_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.number
    ADD CONSTRAINT number_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.provider
    ADD CONSTRAINT provider_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.rejected_sample
    ADD CONSTRAINT rejected_sample_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.send_report
    ADD CONSTRAINT send_report_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.send
    ADD CONSTRAINT send_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.sending_rule
    ADD CONSTRAINT sending_rule_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.suppression
    ADD CONSTRAINT suppression_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.template_version
    ADD CONSTRAINT template_version_workspace_id_template_id_fkey FOREIGN KEY (workspace_id, template_id) REFERENCES public.template(workspace_id, template_id);

ALTER TABLE ONLY public.template
    ADD CONSTRAINT template_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.tombstone
    ADD CONSTRAINT tombstone_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.topic
    ADD CONSTRAINT topic_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE ONLY public.trait
    ADD CONSTRAINT trait_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspace(workspace_id);

ALTER TABLE public.address ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.audit ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.automation ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.automation_version ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.consent ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.credential_use ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.customer_order ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.device ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.erasure ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.event ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.event_key ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.identity ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.identity_cut ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.identity_link ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.identity_moved ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.job ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.journal ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.lane ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ledger ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.list ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.list_member ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.mailbox ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.metric ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.metric_attribute ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.metric_day ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.metric_property ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.number ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.number_counter ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.order_status ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.profile ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.profile_change ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.provider ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.quarantine ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.rejected_sample ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.run ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.send ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.send_attempt ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.send_decision ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.send_report ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sending_rule ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.suppression ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.template ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.template_version ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON public.address USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.audit USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.automation USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.automation_version USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.consent USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.credential_use USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.customer_order USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.device USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.erasure USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.event USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.event_key USING ((workspace_id = ( SELECT (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid AS "nullif")));

CREATE POLICY tenant ON public.identity USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.identity_cut USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.identity_link USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.identity_moved USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.job USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.journal USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.lane USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.ledger USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.list USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.list_member USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.mailbox USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.metric USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.metric_attribute USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.metric_day USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.metric_property USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.number USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.number_counter USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.order_status USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.profile USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.profile_change USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.provider USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.quarantine USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.rejected_sample USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.run USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.send USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.send_attempt USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.send_decision USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.send_report USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.sending_rule USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.suppression USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.template USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.template_version USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.tombstone USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.topic USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.trait USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

CREATE POLICY tenant ON public.trait_blind USING ((workspace_id = (NULLIF(current_setting('clarion.workspace'::text, true), ''::text))::uuid));

ALTER TABLE public.tombstone ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.topic ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.trait ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.trait_blind ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA public TO clarion_app;

REVOKE ALL ON FUNCTION public.whole_backlog(OUT items bigint, OUT oldest_us bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.whole_backlog(OUT items bigint, OUT oldest_us bigint) TO clarion_app;

GRANT SELECT ON TABLE public.acting_change TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.address TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.audit TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.automation TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.automation_version TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.consent TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.credential TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.credential_use TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.customer_order TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.device TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.erasure TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.event TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.event_key TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.identity TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.identity_cut TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.identity_link TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.identity_moved TO clarion_app;

GRANT SELECT ON TABLE public.instance TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.job TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.journal TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.lane TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.list TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.list_member TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mailbox TO clarion_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.member TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.membership TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.metric TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.metric_attribute TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.metric_day TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.metric_property TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.number TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.number_counter TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.order_status TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.profile TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.profile_change TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.provider TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.quarantine TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rejected_sample TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.run TO clarion_app;

GRANT SELECT ON TABLE public.schema_migration TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.send TO clarion_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.send_attempt TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.send_decision TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.send_report TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sending_rule TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.suppression TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.template TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.template_version TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tombstone TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.topic TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.trait TO clarion_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.trait_blind TO clarion_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.workspace TO clarion_app;
