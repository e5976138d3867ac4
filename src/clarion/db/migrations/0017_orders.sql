-- Purchases that are updated until they are done. ("order" is a word of SQL's own.)

-- What is asked stays plain: when, how far, how much, of what. Who bought, where it goes and what was said about it
-- is sealed, bound to the order's id. The member is that of the strongest identity that the newest report named.
CREATE TABLE customer_order (
    workspace_id      uuid NOT NULL,
    order_id          uuid NOT NULL,
    external_order_id text NOT NULL,
    profile_id        uuid NOT NULL,
    status            text NOT NULL CHECK (status IN
                          ('INITIALIZED', 'IN_PROGRESS', 'DELIVERED', 'CANCELLED', 'ABANDONED_SHOPPING_CART')),
    ordered_at        timestamptz NOT NULL,
    total_cost        numeric NOT NULL,
    currency          text NOT NULL,
    shipping          numeric,
    discount          numeric,
    taxes             numeric,
    details           jsonb NOT NULL DEFAULT '{}', -- how it is delivered and paid, where it was made
    items             jsonb,                       -- null: nobody said
    sealed            bytea,                       -- null: the person was erased
    source            smallint NOT NULL,
    created_us        bigint NOT NULL,
    changed_us        bigint NOT NULL,
    PRIMARY KEY (workspace_id, order_id),
    UNIQUE (workspace_id, external_order_id)
);
CREATE INDEX customer_order_profile ON customer_order (workspace_id, profile_id, ordered_at);

-- How far an order came, and when we heard of it; `event_id` is the event that told of it.
CREATE TABLE order_status (
    workspace_id uuid NOT NULL,
    order_id     uuid NOT NULL,
    event_id     uuid NOT NULL,
    status       text NOT NULL,
    changed_us   bigint NOT NULL,
    PRIMARY KEY (workspace_id, order_id, event_id)
);

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['customer_order', 'order_status']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I USING '
                       '(workspace_id = nullif(current_setting(''clarion.workspace'', true), '''')::uuid)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO clarion_app', t);
    END LOOP;
END $$;
