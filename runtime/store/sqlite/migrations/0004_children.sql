-- An execution's code can start others: which one did, how many are above, and
-- whether it waits for the end.
ALTER TABLE executions ADD COLUMN started_from TEXT NOT NULL DEFAULT '';
ALTER TABLE executions ADD COLUMN depth INTEGER NOT NULL DEFAULT 0 CHECK (depth >= 0);
ALTER TABLE executions ADD COLUMN awaited INTEGER NOT NULL DEFAULT 0 CHECK (awaited IN (0, 1));

CREATE INDEX executions_started_from ON executions (started_from, id) WHERE started_from <> '';
