-- Who changed what, as a chain: each record holds the hash of the one before
-- (package audit). Times are Unix nanoseconds, detail is a JSON object of texts.
CREATE TABLE audit (
  seq     INTEGER NOT NULL PRIMARY KEY CHECK (seq > 0),
  at      INTEGER NOT NULL,
  user    TEXT    NOT NULL,
  role    TEXT    NOT NULL,
  via     TEXT    NOT NULL,
  remote  TEXT    NOT NULL,
  verb    TEXT    NOT NULL,
  kind    TEXT    NOT NULL,
  id      TEXT    NOT NULL,
  outcome TEXT    NOT NULL,
  detail  TEXT    NOT NULL,
  prev    TEXT    NOT NULL CHECK (length(prev) = 64),
  hash    TEXT    NOT NULL CHECK (length(hash) = 64)
) STRICT;

-- The anchor is the last record that retention removed, the head the newest.
CREATE TABLE audit_chain (
  one         INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
  anchor_seq  INTEGER NOT NULL,
  anchor_hash TEXT    NOT NULL,
  head_seq    INTEGER NOT NULL CHECK (head_seq >= anchor_seq),
  head_hash   TEXT    NOT NULL
) STRICT;

INSERT INTO audit_chain VALUES (1, 0, printf('%064d', 0), 0, printf('%064d', 0));

-- Records are added at the head and never change. They go from the other end only,
-- once the anchor has been moved there.
CREATE TRIGGER audit_added BEFORE INSERT ON audit
WHEN NOT EXISTS (SELECT 1 FROM audit_chain WHERE NEW.seq = head_seq + 1 AND NEW.prev = head_hash)
BEGIN
  SELECT RAISE(ABORT, 'a record does not follow the head of the audit chain');
END;

CREATE TRIGGER audit_changed BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'records of the audit chain never change');
END;

CREATE TRIGGER audit_removed BEFORE DELETE ON audit
WHEN OLD.seq > (SELECT anchor_seq FROM audit_chain)
BEGIN
  SELECT RAISE(ABORT, 'records of the audit chain go from its old end only');
END;

CREATE TRIGGER audit_chain_moved BEFORE UPDATE ON audit_chain
WHEN NOT EXISTS (SELECT 1 FROM audit WHERE seq = NEW.head_seq AND hash = NEW.head_hash AND seq > OLD.head_seq)
  AND (NEW.head_seq, NEW.head_hash) <> (OLD.head_seq, OLD.head_hash)
  OR NOT EXISTS (SELECT 1 FROM audit WHERE seq = NEW.anchor_seq AND hash = NEW.anchor_hash AND seq > OLD.anchor_seq)
  AND (NEW.anchor_seq, NEW.anchor_hash) <> (OLD.anchor_seq, OLD.anchor_hash)
BEGIN
  SELECT RAISE(ABORT, 'the ends of the audit chain are records of it, and only move on');
END;

CREATE TRIGGER audit_chain_stays BEFORE DELETE ON audit_chain
BEGIN
  SELECT RAISE(ABORT, 'the ends of the audit chain stay');
END;
