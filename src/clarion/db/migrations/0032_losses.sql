-- A version whose runs go by another one: what it asked of is gone, and that one does without. One hop, always.
ALTER TABLE automation_version ADD COLUMN replaced_by integer;
