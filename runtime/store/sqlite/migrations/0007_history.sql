-- A history of millions: counts that are kept instead of counted, words that are
-- indexed, and what retention must know.

-- The trigger of the event, so that a list need not ask the events.
ALTER TABLE executions ADD COLUMN trigger TEXT NOT NULL DEFAULT '';
ALTER TABLE executions ADD COLUMN pack TEXT GENERATED ALWAYS AS (substr(action, 1, instr(action, '.') - 1)) VIRTUAL;
-- The row of execution_words that holds its words; NULL while there is none.
ALTER TABLE executions ADD COLUMN doc INTEGER;
-- What it takes with all that belongs to it; counted together with its words.
ALTER TABLE executions ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0 CHECK (bytes >= 0);

UPDATE executions SET trigger = coalesce((SELECT trigger FROM events WHERE events.id = executions.event), '') WHERE event <> '';

-- The list holds the beginning of a long message or hint; all of it stands here.
ALTER TABLE execution_data ADD COLUMN full_message TEXT;
ALTER TABLE execution_data ADD COLUMN full_hint TEXT;

CREATE INDEX executions_pack ON executions (pack, id);
CREATE INDEX executions_actor ON executions (started_by, id) WHERE started_by <> '';
CREATE INDEX executions_unindexed ON executions (id) WHERE doc IS NULL;
CREATE INDEX events_trace ON events (trace, id) WHERE trace <> '';

-- The words of executions. The number of a row is the first half of the id, so that
-- the newest come first. Words are cut by our own code: here they stand between blanks.
CREATE VIRTUAL TABLE execution_words USING fts5 (
  words, error, log, params, marks, content = '', contentless_delete = 1, tokenize = 'ascii'
);

-- The kinds of executions that there are, and how many of each there are in each
-- status: of all times (span 0), of each day, hour and five minutes (span in seconds).
CREATE TABLE execution_kinds (
  id      INTEGER PRIMARY KEY,
  action  TEXT NOT NULL,
  rule    TEXT NOT NULL,
  trigger TEXT NOT NULL,
  actor   TEXT NOT NULL,
  UNIQUE (action, rule, trigger, actor)
) STRICT;

CREATE TABLE execution_counts (
  span   INTEGER NOT NULL CHECK (span IN (0, 300, 3600, 86400)),
  bucket INTEGER NOT NULL,
  kind   INTEGER NOT NULL,
  status TEXT    NOT NULL,
  n      INTEGER NOT NULL,
  bytes  INTEGER NOT NULL,
  PRIMARY KEY (span, bucket, kind, status)
) STRICT, WITHOUT ROWID;

INSERT INTO execution_kinds (action, rule, trigger, actor)
SELECT DISTINCT action, rule, trigger, started_by FROM executions;

INSERT INTO execution_counts (span, bucket, kind, status, n, bytes)
SELECT s.span, CASE s.span WHEN 0 THEN 0 ELSE e.created_at / (s.span * 1000000000) END, k.id, e.status, count(*), 0
FROM executions e
JOIN execution_kinds k ON k.action = e.action AND k.rule = e.rule AND k.trigger = e.trigger AND k.actor = e.started_by
CROSS JOIN (SELECT 0 AS span UNION ALL SELECT 300 UNION ALL SELECT 3600 UNION ALL SELECT 86400) s
GROUP BY 1, 2, 3, 4;

-- Whoever pins an artifact keeps it and its execution.
ALTER TABLE artifacts ADD COLUMN pinned_by TEXT NOT NULL DEFAULT '';
ALTER TABLE artifacts ADD COLUMN pinned_at INTEGER;
CREATE INDEX artifacts_pinned ON artifacts (execution) WHERE pinned_at IS NOT NULL;
