-- An execution's code can start others: which one did, and how many are above.
ALTER TABLE executions ADD COLUMN started_from TEXT NOT NULL DEFAULT '';
ALTER TABLE executions ADD COLUMN depth INTEGER NOT NULL DEFAULT 0 CHECK (depth >= 0);

CREATE INDEX executions_started_from ON executions (started_from, id) WHERE started_from <> '';
