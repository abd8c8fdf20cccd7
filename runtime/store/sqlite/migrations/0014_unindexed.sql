-- How many executions the search has yet to index is asked with each scrape of the
-- metrics: it is counted in the index alone when that holds all that is asked for.
DROP INDEX executions_unindexed;
CREATE INDEX executions_unindexed ON executions (id, doc) WHERE doc IS NULL;
