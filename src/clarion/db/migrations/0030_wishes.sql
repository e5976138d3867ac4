-- A send keeps a keyed hash of what its caller asked for under a key of their own, where the caller is told that the
-- same key with another wish is a mistake.
ALTER TABLE send ADD COLUMN wish uuid;
