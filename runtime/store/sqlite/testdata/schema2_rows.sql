-- What schema 2 stored on top of schema1_rows.sql, once it is released it never
-- changes: what a release wrote, every later one must read.
PRAGMA user_version = 2;
INSERT INTO events VALUES ('019a00000000000000000011', 'core.st2.webhook', '{"url":"pprof"}', 11, 1767225600000000000, 0, 1, 'Pod Memory Limit', 'body: there is no n', '019a00000000000000000002', 1);
INSERT INTO event_payloads VALUES ('019a00000000000000000011', '{"body":{}}');
INSERT INTO verdicts VALUES ('019a00000000000000000011', 0, 'labs_sre.on_item', 0, 'suppressed', 1, 1, '[]', '', 'dedupe', 'an equal event came before', 1, '', '', NULL);
INSERT INTO verdicts VALUES ('019a00000000000000000011', 1, 'labs_sre.on_item', 1, 'suppressed', 1, 1, '[{"key":"","operator":"any","pattern":null,"actual":null,"matched":true,"members":[{"key":"trigger.body.n","operator":"gt","pattern":1,"actual":2,"matched":true}]}]', '', 'throttle', 'enough passed', 0, '019a00000000000000000002', 'ann', 1767225650000000000);
INSERT INTO marks VALUES ('timer', 'every', '{"next":1}', 1767225600000000000);
INSERT INTO flow_states VALUES ('labs_sre.on_item', 'dedupe', 'leaky', '{"times":[1767225600000000000]}', 1767229200000000000, 5);
INSERT INTO kv VALUES ('system', 'greeting', 'hello', 1767225600000000000, 1767225600000000000, NULL);
INSERT INTO event_keys VALUES ('pprof', 'delivery-1', '019a00000000000000000011', 1767229200000000000);
INSERT INTO deliveries VALUES ('019a00000000000000000012', 'pprof', 1767225600000000000, 'accepted', '', '', 202, '192.0.2.1:4711', '{}', '{}', 2, '019a00000000000000000011');
