-- The value of a key may be sealed: whoever reads the file without the key of secrets
-- has nothing.
ALTER TABLE kv ADD COLUMN encrypted INTEGER NOT NULL DEFAULT 0 CHECK (encrypted IN (0, 1));
