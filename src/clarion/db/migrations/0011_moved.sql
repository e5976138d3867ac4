-- An identity that an update by id replaced: what was accepted under it before that (stamp_us) goes by the identity
-- that it became. A replaced one may come back and be replaced again, so once a blind index and time.
ALTER TABLE identity_moved ADD COLUMN became uuid;
UPDATE identity_moved AS m SET became = (
    SELECT i.blind FROM profile AS p
    JOIN identity AS i ON i.workspace_id = p.workspace_id AND i.root_id = p.root_id
    WHERE p.workspace_id = m.workspace_id AND p.profile_id = m.profile_id
    ORDER BY i.profile_id = m.profile_id DESC NULLS LAST, i.kind, i.blind LIMIT 1);
DELETE FROM identity_moved WHERE became IS NULL;
ALTER TABLE identity_moved
    ALTER COLUMN became SET NOT NULL,
    DROP COLUMN profile_id,
    DROP CONSTRAINT identity_moved_pkey,
    ADD PRIMARY KEY (workspace_id, blind, stamp_us);
CREATE INDEX identity_moved_became ON identity_moved (workspace_id, became);

-- The same of the erased: one identity may have been several people's, one after the other.
ALTER TABLE tombstone DROP CONSTRAINT tombstone_pkey, ADD PRIMARY KEY (workspace_id, blind, erased_us);

-- Replaced by another of the same person: nothing finds it any more, but it still holds that person together.
ALTER TABLE identity ADD COLUMN former boolean NOT NULL DEFAULT false;

-- What is left of a person who was erased: it keeps the counts and is nobody.
ALTER TABLE profile ADD COLUMN erased boolean NOT NULL DEFAULT false;
UPDATE profile AS p SET erased = true WHERE NOT EXISTS (
    SELECT 1 FROM identity AS i WHERE i.workspace_id = p.workspace_id AND i.root_id = p.root_id);

-- The epoch is the time (us) of the newest erasure or replacement from now on: what was accepted later concerns none.
UPDATE lane SET epoch = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint WHERE epoch > 0;
