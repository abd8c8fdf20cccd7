-- What rules and the sources of events remember.

-- Verdicts learn of items, of controls that held a rule back, and of who let it
-- pass later. SQLite can not change a CHECK, so the table is made anew.
CREATE TABLE verdicts_new (
  event       TEXT    NOT NULL REFERENCES events (id) ON DELETE CASCADE,
  position    INTEGER NOT NULL,
  rule        TEXT    NOT NULL,
  item        INTEGER NOT NULL CHECK (item >= -1), -- -1: the rule looks at the event as a whole
  outcome     TEXT    NOT NULL CHECK (outcome IN ('matched', 'not_matched', 'suppressed', 'error')),
  held        INTEGER NOT NULL,
  total       INTEGER NOT NULL CHECK (held BETWEEN 0 AND total),
  criteria    TEXT    NOT NULL,
  error       TEXT    NOT NULL,
  control     TEXT    NOT NULL CHECK ((control = '') = (outcome <> 'suppressed')),
  reason      TEXT    NOT NULL,
  observed    INTEGER NOT NULL CHECK (observed IN (0, 1)),
  execution   TEXT    NOT NULL,
  released_by TEXT    NOT NULL,
  released_at INTEGER,
  PRIMARY KEY (event, position),
  CHECK ((released_by = '') = (released_at IS NULL)),
  CHECK (released_by = '' OR outcome = 'suppressed')
) STRICT, WITHOUT ROWID;

INSERT INTO verdicts_new (event, position, rule, item, outcome, held, total, criteria, error, control, reason, observed, execution, released_by)
SELECT event, position, rule, -1, outcome, held, total, criteria, error, '', '', 0, execution, '' FROM verdicts;

DROP TABLE verdicts;
ALTER TABLE verdicts_new RENAME TO verdicts;

-- One verdict of a rule on an event or item, and the way from a rule to its newest.
CREATE UNIQUE INDEX verdicts_rule ON verdicts (rule, event, item);

ALTER TABLE events ADD COLUMN warning TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN cause TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN depth INTEGER NOT NULL DEFAULT 0 CHECK (depth >= 0);

-- How far a source of events has come; written together with its events.
CREATE TABLE marks (
  source     TEXT    NOT NULL,
  key        TEXT    NOT NULL,
  value      TEXT    NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;

-- What dedupe, throttle, debounce and count remember; written together with the
-- event that changed it.
CREATE TABLE flow_states (
  rule       TEXT    NOT NULL,
  control    TEXT    NOT NULL,
  key        TEXT    NOT NULL,
  value      TEXT    NOT NULL,
  expires_at INTEGER NOT NULL,
  version    INTEGER NOT NULL,
  PRIMARY KEY (rule, control, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX flow_states_expiry ON flow_states (expires_at);

CREATE TABLE kv (
  scope      TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  value      TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (scope, name)
) STRICT, WITHOUT ROWID;

-- An idempotency key of a sender, and the event that came with it first.
CREATE TABLE event_keys (
  webhook    TEXT    NOT NULL,
  key        TEXT    NOT NULL,
  event      TEXT    NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (webhook, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX event_keys_expiry ON event_keys (expires_at);

CREATE TABLE deliveries (
  id         TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 24),
  webhook    TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  outcome    TEXT    NOT NULL CHECK (outcome IN ('accepted', 'observed', 'duplicate', 'rejected')),
  code       TEXT    NOT NULL,
  message    TEXT    NOT NULL,
  status     INTEGER NOT NULL,
  remote     TEXT    NOT NULL,
  headers    TEXT    NOT NULL,
  body       TEXT    NOT NULL,
  body_bytes INTEGER NOT NULL,
  event      TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_webhook ON deliveries (webhook, id);
