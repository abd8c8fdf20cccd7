-- A life as schema 1 stored it. It never changes: what a release wrote, every
-- later one must read.
PRAGMA application_id = 0x53515541;
PRAGMA user_version = 1;
UPDATE meta SET value = 41 WHERE key = 'seq';
INSERT INTO events VALUES ('019a00000000000000000001', 'core.st2.webhook', '{"url":"pprof"}', 11, 1767225600000000000, 1, 1, 'Pod Memory Limit');
INSERT INTO event_payloads VALUES ('019a00000000000000000001', '{"body":{}}');
INSERT INTO verdicts VALUES ('019a00000000000000000001', 0, 'labs_sre.generate_pprof_with_webhook', 'matched', 1, 1, '[{"key":"trigger.body.n","operator":"gt","pattern":1,"actual":2,"matched":true}]', '', '019a00000000000000000002');
INSERT INTO executions VALUES ('019a00000000000000000002', 'labs_sre.exec_pod', 'succeeded', 'pod leaky', 'labs_sre.generate_pprof_with_webhook', '019a00000000000000000001', '', '', 1, 1, 0, '', '', '', 2, 1767225600000000000, 1767225600100000000, 1767225601000000000);
INSERT INTO execution_data VALUES ('019a00000000000000000002', '{"pod":"leaky"}', '{"ok":true}', '');
INSERT INTO attempts VALUES ('019a00000000000000000002', 1, 'succeeded', 1767225600100000000, 1767225601000000000, '', '', '{"fuel":1,"memory":2,"host_calls":1,"guest_time":3,"host_time":4}', '[{"name":"kube_exec","started_at":"2026-01-01T00:00:00Z","duration":5,"request_bytes":6,"reply_bytes":7}]');
INSERT INTO log_chunks VALUES ('019a00000000000000000002', 1, 2, '[{"number":1,"attempt":1,"at":"2026-01-01T00:00:00Z","level":"info","text":"one"},{"number":2,"attempt":1,"at":"2026-01-01T00:00:00Z","level":"error","text":"two"}]');
INSERT INTO artifacts VALUES ('019a00000000000000000003', '019a00000000000000000002', 'heap.pb.gz', 'application/vnd.google.pprof', 4, '0000000000000000000000000000000000000000000000000000000000000007', 1767225601000000000);
