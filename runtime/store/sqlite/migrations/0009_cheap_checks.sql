-- A list of more than two values after IN is, wherever it stands in a CHECK or a
-- trigger, a table that SQLite makes, fills and drops for each row that is written.
-- One comparison after the other is what the same law costs least with. The laws stay
-- as they are, so that rows need not be looked at: see 0008.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(replace(replace(sql,
  'CHECK (status IN (''pending'', ''delayed'', ''paused'', ''running'', ''waiting'', ''succeeded'', ''failed'', ''timed_out'', ''canceled''))',
  'CHECK (status = ''running'' OR status = ''succeeded'' OR status = ''pending'' OR status = ''delayed'' OR status = ''paused'' OR status = ''waiting'' OR status = ''failed'' OR status = ''timed_out'' OR status = ''canceled'')'),
  'CHECK ((finished_at IS NOT NULL) = (status IN (''succeeded'', ''failed'', ''timed_out'', ''canceled'')))',
  'CHECK ((finished_at IS NOT NULL) = (status = ''succeeded'' OR status = ''failed'' OR status = ''timed_out'' OR status = ''canceled''))'),
  'CHECK (status NOT IN (''running'', ''waiting'', ''succeeded'', ''timed_out'') OR attempts > 0)',
  'CHECK (attempts > 0 OR status <> ''running'' AND status <> ''waiting'' AND status <> ''succeeded'' AND status <> ''timed_out'')'),
  'CHECK (code = '''' OR status IN (''failed'', ''timed_out'', ''canceled''))',
  'CHECK (code = '''' OR status = ''failed'' OR status = ''timed_out'' OR status = ''canceled'')')
WHERE type = 'table' AND name = 'executions';
UPDATE sqlite_schema SET sql = replace(sql,
  'CHECK (status IN (''running'', ''succeeded'', ''failed'', ''timed_out'', ''canceled'', ''lost'', ''interrupted''))',
  'CHECK (status = ''running'' OR status = ''succeeded'' OR status = ''failed'' OR status = ''timed_out'' OR status = ''canceled'' OR status = ''lost'' OR status = ''interrupted'')')
WHERE type = 'table' AND name = 'attempts';
UPDATE sqlite_schema SET sql = replace(sql,
  'CHECK (outcome IN (''matched'', ''not_matched'', ''suppressed'', ''error''))',
  'CHECK (outcome = ''matched'' OR outcome = ''not_matched'' OR outcome = ''suppressed'' OR outcome = ''error'')')
WHERE type = 'table' AND name = 'verdicts';
UPDATE sqlite_schema SET sql = replace(sql,
  'CHECK (span IN (0, 300, 3600, 86400))',
  'CHECK (span = 0 OR span = 300 OR span = 3600 OR span = 86400)')
WHERE type = 'table' AND name = 'execution_counts';
UPDATE sqlite_schema SET sql = replace(sql,
  'CHECK (outcome IN (''accepted'', ''observed'', ''duplicate'', ''rejected''))',
  'CHECK (outcome = ''accepted'' OR outcome = ''observed'' OR outcome = ''duplicate'' OR outcome = ''rejected'')')
WHERE type = 'table' AND name = 'deliveries';
PRAGMA writable_schema = RESET;

-- The steps that automation.Status.CanBecome allows.
DROP TRIGGER executions_step;
CREATE TRIGGER executions_step BEFORE UPDATE OF status ON executions
WHEN NOT CASE OLD.status
  WHEN 'running' THEN NEW.status = 'succeeded' OR NEW.status = 'failed' OR NEW.status = 'timed_out' OR NEW.status = 'canceled'
    OR NEW.status = 'pending' OR NEW.status = 'delayed' OR NEW.status = 'waiting'
  WHEN 'pending' THEN NEW.status = 'running' OR NEW.status = 'delayed' OR NEW.status = 'paused' OR NEW.status = 'failed' OR NEW.status = 'canceled'
  WHEN 'delayed' THEN NEW.status = 'pending' OR NEW.status = 'delayed' OR NEW.status = 'paused' OR NEW.status = 'failed' OR NEW.status = 'canceled'
  WHEN 'paused' THEN NEW.status = 'pending' OR NEW.status = 'delayed' OR NEW.status = 'canceled'
  WHEN 'waiting' THEN NEW.status = 'succeeded' OR NEW.status = 'failed' OR NEW.status = 'timed_out' OR NEW.status = 'canceled'
    OR NEW.status = 'pending' OR NEW.status = 'delayed'
  ELSE 0
END
BEGIN
  SELECT RAISE(ABORT, 'an execution can not take this step');
END;
