-- SQLite knows when a page has lost its structure, not when a letter in it became
-- another one. What is executed and what is shown has a checksum (CRC-32C) of its
-- own. NULL: written before there were any.
ALTER TABLE event_payloads ADD COLUMN sum INTEGER;
ALTER TABLE execution_data ADD COLUMN sum INTEGER;
ALTER TABLE execution_data ADD COLUMN output_sum INTEGER;
