-- Everything the server remembers. Times are Unix nanoseconds in UTC. Ids are 24
-- hexadecimal digits that sort by time of creation, so the primary key of a
-- WITHOUT ROWID table is also the order of its list, and every secondary index
-- ends with it for nothing.
--
-- Whatever can be large (payload, parameters, output, trace, log) has a table of
-- its own: the rows that lists read stay small.

CREATE TABLE meta (
  key   TEXT    NOT NULL PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The sequence number of the latest change.
INSERT INTO meta (key, value) VALUES ('seq', 0);

CREATE TABLE events (
  id            TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 24),
  trigger       TEXT    NOT NULL,
  parameters    TEXT    NOT NULL,
  payload_bytes INTEGER NOT NULL,
  received_at   INTEGER NOT NULL,
  matched       INTEGER NOT NULL CHECK (matched >= 0),
  looked        INTEGER NOT NULL CHECK (looked >= 0),
  summary       TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX events_trigger ON events (trigger, id);

CREATE TABLE event_payloads (
  event   TEXT NOT NULL PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE,
  payload TEXT NOT NULL
) STRICT;

CREATE TABLE verdicts (
  event     TEXT    NOT NULL REFERENCES events (id) ON DELETE CASCADE,
  position  INTEGER NOT NULL,
  rule      TEXT    NOT NULL,
  outcome   TEXT    NOT NULL CHECK (outcome IN ('matched', 'not_matched', 'error')),
  held      INTEGER NOT NULL,
  total     INTEGER NOT NULL CHECK (held BETWEEN 0 AND total),
  criteria  TEXT    NOT NULL,
  error     TEXT    NOT NULL,
  execution TEXT    NOT NULL,
  PRIMARY KEY (event, position)
) STRICT, WITHOUT ROWID;

-- One verdict of a rule on an event, and the way from a rule to its newest.
CREATE UNIQUE INDEX verdicts_rule ON verdicts (rule, event);

CREATE TABLE executions (
  id           TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 24),
  action       TEXT    NOT NULL,
  status       TEXT    NOT NULL,
  summary      TEXT    NOT NULL,
  rule         TEXT    NOT NULL,
  event        TEXT    NOT NULL,
  parent       TEXT    NOT NULL,
  started_by   TEXT    NOT NULL,
  attempts     INTEGER NOT NULL CHECK (attempts >= 0),
  max_attempts INTEGER NOT NULL,
  max_lost     INTEGER NOT NULL,
  code         TEXT    NOT NULL,
  message      TEXT    NOT NULL,
  hint         TEXT    NOT NULL,
  log_lines    INTEGER NOT NULL CHECK (log_lines >= 0),
  created_at   INTEGER NOT NULL,
  started_at   INTEGER,
  finished_at  INTEGER,

  -- The law of automation.Status.
  CHECK (status IN ('pending', 'running', 'succeeded', 'failed', 'timed_out', 'canceled')),
  CHECK ((finished_at IS NOT NULL) = (status IN ('succeeded', 'failed', 'timed_out', 'canceled'))),
  CHECK ((started_at IS NOT NULL) = (attempts > 0)),
  CHECK (status NOT IN ('running', 'succeeded', 'timed_out') OR attempts > 0),
  CHECK (code = '' OR status IN ('failed', 'timed_out', 'canceled'))
) STRICT, WITHOUT ROWID;

CREATE INDEX executions_status ON executions (status, id);
CREATE INDEX executions_action ON executions (action, id);
CREATE INDEX executions_rule ON executions (rule, id) WHERE rule <> '';
CREATE INDEX executions_event ON executions (event, id) WHERE event <> '';
CREATE INDEX executions_parent ON executions (parent, id) WHERE parent <> '';

-- The steps that automation.Status.CanBecome allows.
CREATE TRIGGER executions_step BEFORE UPDATE OF status ON executions
WHEN NOT (
  OLD.status = 'pending' AND NEW.status IN ('running', 'failed', 'canceled')
  OR OLD.status = 'running' AND NEW.status IN ('pending', 'succeeded', 'failed', 'timed_out', 'canceled')
)
BEGIN
  SELECT RAISE(ABORT, 'an execution can not take this step');
END;

CREATE TABLE execution_data (
  execution  TEXT NOT NULL PRIMARY KEY REFERENCES executions (id) ON DELETE CASCADE,
  parameters TEXT NOT NULL,
  output     TEXT,
  trace      TEXT NOT NULL
) STRICT;

CREATE TABLE attempts (
  execution   TEXT    NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
  number      INTEGER NOT NULL CHECK (number > 0),
  status      TEXT    NOT NULL,
  started_at  INTEGER NOT NULL,
  finished_at INTEGER,
  code        TEXT    NOT NULL,
  message     TEXT    NOT NULL,
  usage       TEXT    NOT NULL,
  host_calls  TEXT    NOT NULL,
  PRIMARY KEY (execution, number),
  CHECK (status IN ('running', 'succeeded', 'failed', 'timed_out', 'canceled', 'lost', 'interrupted')),
  CHECK ((finished_at IS NULL) = (status = 'running'))
) STRICT, WITHOUT ROWID;

-- A chunk holds the lines first .. first + count - 1 as one JSON array.
CREATE TABLE log_chunks (
  execution TEXT    NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
  first     INTEGER NOT NULL CHECK (first > 0),
  count     INTEGER NOT NULL CHECK (count > 0),
  lines     TEXT    NOT NULL,
  PRIMARY KEY (execution, first)
) STRICT;

CREATE TABLE artifacts (
  id         TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 24),
  execution  TEXT    NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
  name       TEXT    NOT NULL,
  media_type TEXT    NOT NULL,
  size       INTEGER NOT NULL CHECK (size >= 0),
  sha256     TEXT    NOT NULL CHECK (length(sha256) = 64),
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX artifacts_execution ON artifacts (execution, id);
CREATE INDEX artifacts_sha256 ON artifacts (sha256);

CREATE TABLE tokens (
  hash       TEXT    NOT NULL PRIMARY KEY,
  name       TEXT    NOT NULL,
  user       TEXT    NOT NULL,
  role       TEXT    NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  hash       TEXT    NOT NULL PRIMARY KEY,
  user       TEXT    NOT NULL,
  role       TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
