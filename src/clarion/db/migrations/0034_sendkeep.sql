-- Whom messages went to, for whoever asks and for erasure: by the blind index of the address, which a send has from its
-- plan on where it names a recipient.
CREATE INDEX send_address ON send (workspace_id, blind, send_id) WHERE blind IS NOT NULL;
ALTER TABLE mailbox ADD COLUMN blind uuid;
-- The address that a replaced e-mail was, by its blind index; of those that were replaced before this, null.
ALTER TABLE identity_moved ADD COLUMN address uuid;
