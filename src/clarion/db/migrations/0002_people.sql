-- People: which identities are one person. `root_id` of an identity is the person whom it finds (null: nobody, it is
-- only an address of somebody); `newest` is the order (stamp, kind, weaker one) of the newest link that
-- names it; `shared` marks an anonymous id of a device that several people use: none of its links join.

ALTER TABLE identity ADD COLUMN root_id uuid, ADD COLUMN newest bytea NOT NULL DEFAULT '', ADD COLUMN shared boolean NOT NULL DEFAULT false;
UPDATE identity SET root_id = profile_id;
DROP INDEX identity_profile;
CREATE INDEX identity_root ON identity (workspace_id, root_id) WHERE root_id IS NOT NULL;

-- Two identities may be linked by what came in and by hand.
ALTER TABLE identity_link DROP CONSTRAINT identity_link_pkey;
ALTER TABLE identity_link ADD PRIMARY KEY (workspace_id, strong, weak, by_hand);
