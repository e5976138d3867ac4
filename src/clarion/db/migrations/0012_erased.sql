-- Whose person was erased: the row stays for the counts of its events, and is nobody.
ALTER TABLE profile ADD COLUMN erased boolean NOT NULL DEFAULT false;
UPDATE profile SET erased = true FROM erasure
WHERE profile.workspace_id = erasure.workspace_id AND profile.root_id = erasure.profile_id;
