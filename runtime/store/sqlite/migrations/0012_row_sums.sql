-- What 0006 and 0011 did for what is executed and for long texts, for the rows
-- themselves: an event, a verdict, an execution (the columns of the list, and the
-- others), the end of an attempt and what it left.
-- PRAGMA integrity_check compares columns with the indexes that hold them, and no
-- others. NULL: written before there were any.
ALTER TABLE events ADD COLUMN sum INTEGER;
ALTER TABLE verdicts ADD COLUMN sum INTEGER;
ALTER TABLE executions ADD COLUMN list_sum INTEGER;
ALTER TABLE executions ADD COLUMN rest_sum INTEGER;
ALTER TABLE attempts ADD COLUMN sum INTEGER;
ALTER TABLE attempts ADD COLUMN calls_sum INTEGER;
ALTER TABLE attempts ADD COLUMN tape_sum INTEGER;
