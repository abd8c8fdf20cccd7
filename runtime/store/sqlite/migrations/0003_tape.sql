-- What an attempt's code was told from outside: JSON, compressed (gzip) when that is
-- shorter. Absent for attempts that were made before there were tapes.
ALTER TABLE attempts ADD COLUMN tape BLOB;
