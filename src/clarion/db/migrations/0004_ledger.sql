-- Items acknowledged in blocks, counted by the accepting process after the commit and written within a second: a
-- lower bound of what the ledger and the open journal must hold, so that a block that goes missing is noticed.
ALTER TABLE ledger ADD COLUMN acknowledged bigint NOT NULL DEFAULT 0;
