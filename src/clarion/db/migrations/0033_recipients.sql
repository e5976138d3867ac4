-- Whom a message was decided for, sealed, where it was planned for a person and not for an address.
ALTER TABLE send_decision ADD COLUMN recipient bytea;
