-- What schema 4 stored on top of schema2_rows.sql; once it is released it never
-- changes: what a release wrote, every later one must read.
PRAGMA user_version = 4;
INSERT INTO executions VALUES ('019a00000000000000000021', 'labs_sre.exec_pod', 'pending', 'pod leaky', 'labs_sre.on_item', '019a00000000000000000011', '', '', 1, 3, 2, '', '', '', 1, 1767225600000000000, 1767225601000000000, NULL, 0, '019a00000000000000000002', 1, 0);
INSERT INTO execution_data VALUES ('019a00000000000000000021', '{"pod":"leaky"}', NULL, '');
INSERT INTO attempts VALUES ('019a00000000000000000021', 1, 'failed', 1767225601000000000, 1767225602000000000, 'trap', 'it crashed', '{}', 'null', NULL);
INSERT INTO log_chunks VALUES ('019a00000000000000000021', 1, 1, '[{"number":1,"attempt":1,"at":"2026-01-01T00:00:01Z","level":"info","text":"hello"}]');
INSERT INTO executions VALUES ('019a00000000000000000022', 'labs_sre.exec_pod', 'canceled', '', '', '', '', 'ann', 0, 1, 0, 'canceled', 'canceled by ann', '', 0, 1767225600000000000, NULL, 1767225601000000000, 1, '', 0, 1);
INSERT INTO execution_data VALUES ('019a00000000000000000022', '{}', NULL, '');
