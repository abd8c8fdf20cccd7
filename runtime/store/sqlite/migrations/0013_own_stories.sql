-- Most events begin a story of their own, whose id is the event's, and most executions
-- belong to that of their event: those are found by the event. Only the others need a
-- place in the indexes of stories.
DROP INDEX events_trace_id;
CREATE INDEX events_trace_id ON events (trace_id, id) WHERE trace_id <> '' AND trace_id <> id;
DROP INDEX executions_trace;
CREATE INDEX executions_trace ON executions (trace_id, id) WHERE trace_id <> '' AND trace_id <> event;
