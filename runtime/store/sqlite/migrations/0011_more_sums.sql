-- What 0006 did for payloads and parameters, for the lines of logs and the values of
-- keys. NULL: written before there were any.
ALTER TABLE log_chunks ADD COLUMN sum INTEGER;
ALTER TABLE kv ADD COLUMN sum INTEGER;
