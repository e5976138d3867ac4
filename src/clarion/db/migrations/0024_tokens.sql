-- An access token is a credential that another one was shown for: it has an end, stands for the one that issued it,
-- and goes with it. Those that are over are deleted.
ALTER TABLE credential ADD COLUMN issued_by uuid REFERENCES credential ON DELETE CASCADE;
CREATE INDEX credential_issued_by ON credential (issued_by) WHERE issued_by IS NOT NULL;
GRANT DELETE ON credential TO clarion_app;
