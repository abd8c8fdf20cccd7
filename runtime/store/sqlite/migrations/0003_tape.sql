-- What an attempt's code was told from outside: JSON, compressed (gzip) when that is
-- shorter. Absent for attempts that were made before there were tapes.
ALTER TABLE attempts ADD COLUMN tape BLOB;

-- A dry run reads the world and changes nothing in it.
ALTER TABLE executions ADD COLUMN dry_run INTEGER NOT NULL DEFAULT 0 CHECK (dry_run IN (0, 1));

-- What the sender of an event calls the story that it belongs to.
ALTER TABLE events ADD COLUMN trace TEXT NOT NULL DEFAULT '';

-- Whether values that look like secrets were left out of a kept delivery's body.
ALTER TABLE deliveries ADD COLUMN redacted INTEGER NOT NULL DEFAULT 0 CHECK (redacted IN (0, 1));
