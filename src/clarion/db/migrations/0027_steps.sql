-- What is too much for one transaction is done in steps: where the next one begins.
ALTER TABLE job ADD COLUMN done integer NOT NULL DEFAULT 0;
