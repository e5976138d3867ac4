-- Typed traits: allowed options, what was refused, and how far a changed definition has been applied.
-- settling: profiles up to this one hold the trait as defined; null when all do.
ALTER TABLE trait
    ADD COLUMN options        text[],
    ADD COLUMN refused        bigint NOT NULL DEFAULT 0,
    ADD COLUMN refused_reason text,
    ADD COLUMN refused_us     bigint,
    ADD COLUMN example        jsonb,                -- of a plain trait; never a sealed value
    ADD COLUMN settling       uuid;

-- Why a value was not folded; null for a change that was.
ALTER TABLE profile_change ADD COLUMN refused text;
