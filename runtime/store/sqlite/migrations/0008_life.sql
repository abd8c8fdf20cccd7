-- Executions can wait for a time, for a policy or for a person. Three more states
-- stand in two CHECKs of a table that may hold millions of rows; they allow more than
-- before, so that the rows need not be looked at: the schema's text is changed, as
-- SQLite's documentation of ALTER TABLE describes, instead of the table being made anew.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(sql,
  'CHECK (status IN (''pending'', ''running'', ''succeeded'',',
  'CHECK (status IN (''pending'', ''delayed'', ''paused'', ''running'', ''waiting'', ''succeeded'','),
  'CHECK (status NOT IN (''running'', ''succeeded'', ''timed_out'') OR attempts > 0)',
  'CHECK (status NOT IN (''running'', ''waiting'', ''succeeded'', ''timed_out'') OR attempts > 0)')
WHERE type = 'table' AND name = 'executions';
PRAGMA writable_schema = RESET;

ALTER TABLE executions ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
-- The time that a delayed execution waits for; a paused one keeps it for its return.
ALTER TABLE executions ADD COLUMN run_after INTEGER;
ALTER TABLE executions ADD COLUMN delay_reason TEXT NOT NULL DEFAULT '';
-- The policy, and the part of it, that a delayed execution waits for.
ALTER TABLE executions ADD COLUMN delay_key TEXT NOT NULL DEFAULT '';
ALTER TABLE executions ADD COLUMN trace_id TEXT NOT NULL DEFAULT '';
-- How it is tried again, as JSON: automation.RetryPlan.
ALTER TABLE executions ADD COLUMN retry TEXT NOT NULL DEFAULT 'null';
-- Whether its attempts count for the rate of a policy.
ALTER TABLE executions ADD COLUMN rated INTEGER NOT NULL DEFAULT 0 CHECK (rated IN (0, 1));

ALTER TABLE events ADD COLUMN trace_id TEXT NOT NULL DEFAULT '';

CREATE INDEX executions_pending ON executions (priority DESC, id) WHERE status = 'pending';
CREATE INDEX executions_due ON executions (run_after, id) WHERE status = 'delayed' AND run_after IS NOT NULL;
CREATE INDEX executions_delay ON executions (delay_key, priority DESC, id) WHERE delay_key <> '';
CREATE INDEX executions_rated ON executions (action, started_at) WHERE rated = 1;
CREATE INDEX executions_trace ON executions (trace_id, id) WHERE trace_id <> '';
CREATE INDEX events_trace_id ON events (trace_id, id) WHERE trace_id <> '';

-- The steps that automation.Status.CanBecome allows.
DROP TRIGGER executions_step;
CREATE TRIGGER executions_step BEFORE UPDATE OF status ON executions
WHEN NOT (
  OLD.status = 'pending' AND NEW.status IN ('running', 'delayed', 'paused', 'failed', 'canceled')
  OR OLD.status = 'delayed' AND NEW.status IN ('pending', 'delayed', 'paused', 'failed', 'canceled')
  OR OLD.status = 'paused' AND NEW.status IN ('pending', 'delayed', 'canceled')
  OR OLD.status = 'running' AND NEW.status IN ('pending', 'delayed', 'waiting', 'succeeded', 'failed', 'timed_out', 'canceled')
  OR OLD.status = 'waiting' AND NEW.status IN ('pending', 'delayed', 'succeeded', 'failed', 'timed_out', 'canceled')
)
BEGIN
  SELECT RAISE(ABORT, 'an execution can not take this step');
END;
