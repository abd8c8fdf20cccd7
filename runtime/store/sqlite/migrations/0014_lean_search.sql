-- How many executions the search has yet to index is asked with each scrape of the
-- metrics: it is counted in the index alone when that holds all that is asked for.
DROP INDEX executions_unindexed;
CREATE INDEX executions_unindexed ON executions (id, doc) WHERE doc IS NULL;

-- Segments of the search's index are merged a few pages at a time, in transactions of
-- their own. FTS5 would do it within those that accept and remove, for tenths of a second.
INSERT INTO execution_words (execution_words, rank) VALUES ('automerge', 0);
INSERT INTO execution_words (execution_words, rank) VALUES ('crisismerge', 64);
