-- A foreign key is asked row by row: 3 us of PostgreSQL's CPU an event. Who writes these rows has just read the
-- workspace's keys, and no workspace is ever deleted.
ALTER TABLE identity DROP CONSTRAINT identity_workspace_id_fkey;
ALTER TABLE identity_link DROP CONSTRAINT identity_link_workspace_id_fkey;
ALTER TABLE profile DROP CONSTRAINT profile_workspace_id_fkey;
ALTER TABLE address DROP CONSTRAINT address_workspace_id_fkey;
ALTER TABLE trait_blind DROP CONSTRAINT trait_blind_workspace_id_fkey;
