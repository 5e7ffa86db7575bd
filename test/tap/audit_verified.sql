-- The record verified, anchored and purged. Handbook H1, F8, I5; design 2.17, 2.19.
\ir ../lib/internet_desk.sql
SELECT no_plan();

-- Rows of verify_audit as one text each
CREATE FUNCTION faults(from_at timestamptz DEFAULT NULL, to_at timestamptz DEFAULT NULL) RETURNS SETOF text LANGUAGE sql STABLE AS $$
  SELECT fault || ' ' || ticket_no || coalesce('/' || seq, '') FROM csflow.verify_audit((SELECT desk_id FROM csflow.desk WHERE name = 'support'), from_at, to_at)
$$;
INSERT INTO ticket (desk_id, channel, customer_id, title, body, attributes, opened_at) VALUES
  (:desk, 'email', 1, '支付', '我的手机13812345678，钱不见了', '{"client_ip": "10.1.2.3", "device_model": "Mate 60", "contact": {"phone": "13812345678", "note": "mail a@b.cn"}, "amounts": [12, 13812345678], "vip": true}', '2025-03-03 09:00') RETURNING ticket_no AS no \gset
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at) SELECT :desk, 'email', 2, '闪退 第' || i || '次', '2025-03-04 09:00' FROM generate_series(1, 40) i;
UPDATE ticket SET state = 'in_progress', agent_id = 21, changed_at = '2025-03-04 10:00', change_reason = '电话13912345678已核对' WHERE state = 'new' OR ticket_no = :'no';
INSERT INTO message (desk_id, ticket_no, author_kind, body, at, changed_by) VALUES (:desk, :'no', 'agent', '已处理，邮件发到 c@d.cn', '2025-03-04 11:00', 21), (:desk, :'no', 'agent', '没有别的', '2025-03-04 11:01', 21);
UPDATE ticket SET state = 'answered', changed_at = '2025-03-04 12:00' WHERE ticket_no = :'no';
UPDATE ticket SET state = 'closed', close_reason = 'customer_confirmed', changed_at = '2025-03-04 13:00' WHERE ticket_no = :'no';
SELECT is_empty('SELECT faults()', 'H1: as recorded, nothing is found');
SELECT is_empty($$SELECT faults('2025-03-03', '2025-03-04')$$, 'H1: nor in a part');

-- Whoever gets past the triggers leaves a trace, and verify_audit says where
SET session_replication_role = replica;
SELECT max(seq) AS last FROM event WHERE ticket_no = :'no' \gset
BEGIN;
UPDATE event SET actor_id = 11 WHERE ticket_no = :'no' AND seq = 3;
SELECT results_eq('SELECT faults()', ARRAY['event_changed ' || :'no' || '/3'], 'H1: an event changed');
SELECT is_empty($$SELECT faults('2025-03-04', '2025-03-05')$$, 'H1: which the tickets of another day do not show');
SELECT is((SELECT count(*) FROM faults('2025-03-03', '2025-03-04')), 1::bigint, 'H1: and those of its day do');
ROLLBACK;
BEGIN;
DELETE FROM event WHERE ticket_no = :'no' AND seq BETWEEN 3 AND 4;
SELECT results_eq($$SELECT fault || ' ' || detail FROM verify_audit((SELECT desk_id FROM desk WHERE name = 'support')) WHERE fault <> 'ticket_changed'$$, ARRAY['event_missing events 3 to 4 are gone'], 'H1: events taken out');
ROLLBACK;
BEGIN;
DELETE FROM event WHERE ticket_no = :'no' AND seq = :last;
SELECT results_eq('SELECT faults()', ARRAY['event_missing ' || :'no' || '/' || :last - 1, 'ticket_changed ' || :'no' || '/' || s.seq], 'H1: the last one taken away; the ticket''s state tells, too')
FROM (SELECT max(seq) AS seq FROM event WHERE ticket_no = :'no' AND new_state IS NOT NULL AND seq < :last) s;
ROLLBACK;
BEGIN;
INSERT INTO event SELECT (jsonb_populate_record(e, jsonb_build_object('seq', seq + 1))).* FROM event e WHERE ticket_no = :'no' AND seq = :last;
SELECT is((SELECT string_agg(DISTINCT fault, ' ' ORDER BY fault) FROM verify_audit(:desk)), 'event_changed event_inserted', 'H1: one put in at the end');
ROLLBACK;
BEGIN;
UPDATE event SET seq = CASE seq WHEN 3 THEN 1003 ELSE 3 END WHERE ticket_no = :'no' AND seq IN (3, 4);
UPDATE event SET seq = 4 WHERE ticket_no = :'no' AND seq = 1003;
SELECT results_eq($$SELECT f FROM faults() f WHERE f ~ 'event'$$, (SELECT array_agg('event_changed ' || :'no' || '/' || s) FROM generate_series(3, 5) s), 'H1: two that changed places');
ROLLBACK;
BEGIN;
UPDATE ticket_chain SET head = sha256('x') WHERE ticket_no = :'no';
SELECT results_eq('SELECT faults()', ARRAY['head_changed ' || :'no' || '/' || :last], 'H1: the head');
DELETE FROM ticket_chain WHERE ticket_no = :'no';
SELECT results_eq('SELECT faults()', ARRAY['head_missing ' || :'no' || '/' || :last], 'H1: no head');
ROLLBACK;
BEGIN;
UPDATE event_text SET text = '别的话' WHERE ticket_no = :'no' AND text = '电话13912345678已核对';
SELECT is((SELECT string_agg(DISTINCT fault, ' ') FROM verify_audit(:desk)), 'text_changed', 'H1: other words');
ROLLBACK;
BEGIN;
UPDATE event_text SET text = '别的话', salt = NULL WHERE ticket_no = :'no' AND text = '电话13912345678已核对';
SELECT is((SELECT string_agg(DISTINCT fault, ' ') FROM verify_audit(:desk)), 'text_changed', 'H1: other words, without a salt as if they had been archived');
ROLLBACK;
BEGIN;
INSERT INTO event_text (desk_id, ticket_no, seq, text) SELECT desk_id, ticket_no, min(seq), 'words put in a mouth' FROM event WHERE ticket_no = :'no' AND text_digest IS NULL GROUP BY 1, 2;
SELECT is((SELECT string_agg(DISTINCT fault, ' ') FROM verify_audit(:desk)), 'text_changed', 'H1: words where there were none, without a salt');
ROLLBACK;
BEGIN;
INSERT INTO event_text (desk_id, ticket_no, seq, salt, text) SELECT desk_id, ticket_no, min(seq), '\x00', 'words put in a mouth' FROM event WHERE ticket_no = :'no' AND text_digest IS NULL GROUP BY 1, 2;
SELECT is((SELECT string_agg(DISTINCT fault, ' ') FROM verify_audit(:desk)), 'text_changed', 'H1: words where there were none');
ROLLBACK;
BEGIN;
DELETE FROM ticket WHERE ticket_no = :'no';
SELECT results_eq('SELECT faults()', ARRAY['ticket_missing ' || :'no' || '/' || :last], 'H1: a ticket removed');
DELETE FROM ticket_chain WHERE ticket_no = :'no';
SELECT is((SELECT string_agg(fault, ' ' ORDER BY fault) FROM verify_audit(:desk)), 'head_missing ticket_missing', 'H1: also with its head');
ROLLBACK;
BEGIN;
DELETE FROM event WHERE ticket_no = :'no';
DELETE FROM ticket_chain WHERE ticket_no = :'no';
SELECT results_eq('SELECT faults()', ARRAY['record_missing ' || :'no'], 'H1: a ticket without any record');
ROLLBACK;
BEGIN;
UPDATE ticket SET state = 'in_progress' WHERE ticket_no = :'no';
SELECT results_eq('SELECT faults()', ARRAY['ticket_changed ' || :'no' || '/' || :last], 'H1: a state nobody recorded');
ROLLBACK;

-- Anchors
RESET session_replication_role;
SELECT is(anchor_audit(:desk, '2025-03-05 03:00'), 1::bigint, '2.19: the first anchor');
SELECT results_eq(format('SELECT chains FROM audit_anchor WHERE desk_id = %s', :desk), ARRAY[41::bigint], '2.19: covers every chain');
UPDATE ticket SET change_reason = 'x', state = 'waiting_customer', changed_at = '2025-03-05 09:00' WHERE ticket_no = (SELECT max(ticket_no) FROM ticket);
SELECT is(anchor_audit(:desk, '2025-03-06 03:00'), 2::bigint, '2.19: the next day''s');
SELECT results_eq(format('SELECT chains FROM audit_anchor WHERE desk_id = %s ORDER BY anchor_no', :desk), ARRAY[41::bigint, 1], '2.19: covers what has moved since');
SELECT is(anchor_audit(:desk, '2025-03-07 03:00'), 3::bigint, '2.19: a quiet day');
SELECT results_eq(format('SELECT chains FROM audit_anchor WHERE desk_id = %s ORDER BY anchor_no', :desk), ARRAY[41::bigint, 1, 0], '2.19: covers nothing new');
SELECT digest AS digest2 FROM audit_anchor WHERE desk_id = :desk AND anchor_no = 2 \gset
SELECT digest AS digest3 FROM audit_anchor WHERE desk_id = :desk AND anchor_no = 3 \gset
SELECT results_eq($$SELECT payload ->> 'digest' FROM outbox WHERE topic = 'audit_anchor' ORDER BY outbox_id$$, format('SELECT encode(digest, %L) FROM audit_anchor ORDER BY anchor_no', 'hex'), '2.16: the digests go out');
SELECT is_empty(format('SELECT * FROM verify_anchor(%s, 3, %L)', :desk, :'digest3'), '2.19: they verify');
SELECT is_empty('SELECT faults()', '2.19: so does the record');
SELECT is((SELECT digest FROM audit_anchor WHERE anchor_no = 2), (SELECT sha256(p.digest || int8send(:desk) || int8send(2) || timestamptz_send('2025-03-06 03:00+08')
    || date_send(ticket_month(h.ticket_no)) || int8send(1) || sha256(ticket_no_send(h.ticket_no) || int4send(h.seq) || h.head))
  FROM audit_anchor p, audit_anchor_head h WHERE p.anchor_no = 1 AND h.anchor_no = 2), '2.19: the digest is what is documented');
SELECT is((SELECT count(*) FROM audit_anchor_head h JOIN event e USING (desk_id, ticket_no, seq) WHERE h.head = e.hash), 42::bigint, '2.19: of the events'' own hashes');
-- A whole chain rewritten, hashes and head and all, by somebody who knows how
SET session_replication_role = replica;
BEGIN;
CREATE FUNCTION rewrite(no csflow.ticket_no) RETURNS void LANGUAGE plpgsql AS $$
DECLARE e csflow.event; previous bytea;
BEGIN
  FOR e IN SELECT * FROM csflow.event WHERE ticket_no = no ORDER BY seq LOOP
    previous := csflow.event_hash(previous, e.desk_id, e.ticket_no, e.seq, e.at, e.recorded_at, e.kind, e.actor_kind, e.actor_id, e.old_state, e.new_state, e.old_value, e.new_value, e.clock, e.run, e.step_position, e.due_at, e.message_no, e.text_digest, e.same_act);
    UPDATE csflow.event SET hash = previous WHERE ticket_no = no AND seq = e.seq;
  END LOOP;
  UPDATE csflow.ticket_chain SET head = previous WHERE ticket_no = no;
END $$;
UPDATE event SET actor_id = 11 WHERE ticket_no = :'no' AND seq = 3;
SELECT rewrite(:'no');
SELECT results_eq('SELECT faults()', ARRAY['rewritten ' || :'no' || '/' || :last], 'H1: a whole chain rewritten shows against the anchor');
UPDATE audit_anchor_head h SET head = e.hash FROM event e WHERE e.ticket_no = h.ticket_no AND e.seq = h.seq;
SELECT is_empty('SELECT faults()', 'H1: with the anchor''s heads rewritten too, not to verify_audit');
SELECT is((SELECT string_agg(fault, ' ') FROM verify_anchor(:desk, 3)), 'heads_changed', 'H1: but to verify_anchor');
UPDATE audit_anchor_month m SET digest = (anchor_month_digest(desk_id, anchor_no, month)).digest;
UPDATE audit_anchor SET digest = anchor_digest(desk_id, anchor_no) WHERE anchor_no = 1;
UPDATE audit_anchor SET digest = anchor_digest(desk_id, anchor_no) WHERE anchor_no = 2;
UPDATE audit_anchor SET digest = anchor_digest(desk_id, anchor_no) WHERE anchor_no = 3;
SELECT is_empty(format('SELECT * FROM verify_anchor(%s, 3)', :desk), 'H1: with everything rewritten, nothing in the database tells');
SELECT results_eq(format('SELECT fault FROM verify_anchor(%s, 3, %L)', :desk, :'digest3'), ARRAY['digest_differs'], 'H1: the digest kept outside does');
SELECT results_eq(format('SELECT fault FROM verify_anchor(%s, 2, %L)', :desk, :'digest2'), ARRAY['digest_differs'], 'H1: an earlier one as well, for anchors are chained');
ROLLBACK;
BEGIN;
DELETE FROM audit_anchor WHERE anchor_no = 2;
SELECT results_eq(format('SELECT fault FROM verify_anchor(%s, 3)', :desk), ARRAY['anchor_missing', 'anchor_changed'], 'H1: an anchor taken away');
ROLLBACK;
SELECT results_eq(format('SELECT detail FROM verify_anchor(%s, 9223372036854775807)', :desk), ARRAY['there is no anchor 4 to 9223372036854775806'], 'H1: anchors that never were');
RESET session_replication_role;
SELECT throws_ok('SELECT * FROM verify_audit(4711)', 'SF001', NULL, '2.7: an unknown desk');
SELECT throws_ok(format('SELECT anchor_audit(%s, %L)', :desk, 'infinity'), NULL, NULL, '2.9: no anchor of the future');
SELECT throws_ok($$SELECT event_hash('\x00', 1, '202310001', 1, now(), now(), 'x', 'y', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)$$, '22023', 'a hash has 32 bytes, not 1', 'H1: bad hash');
SELECT is(event_hash(NULL, NULL, '202310001', 1, now(), now(), 'x', 'y', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), NULL, 'H1: no event, no hash');

SET session_replication_role = replica;
BEGIN;
INSERT INTO dropped_month (month, dropped_at, reason) SELECT DISTINCT csflow.ticket_month(ticket_no), now(), 'pretext' FROM ticket;
UPDATE audit_anchor_head h SET head = sha256('x') WHERE ticket_no = :'no';
SELECT is((SELECT string_agg(DISTINCT fault, ' ') FROM verify_anchor(:desk, 3)), 'heads_changed', 'H1: a month said to be dropped hides no heads that stand');
ROLLBACK;
RESET session_replication_role;

-- Restored into a cluster that has counted further since than the one of the dump, but had not yet when it was restored
UPDATE ticket SET change_reason = 'y', state = 'in_progress', changed_at = '2025-03-07 09:00' WHERE ticket_no = (SELECT max(ticket_no) FROM ticket);
UPDATE audit_anchor SET horizon = pg_snapshot_xmax(pg_current_snapshot()), cluster = cluster - 1 WHERE anchor_no = 3;
SELECT is(anchor_audit(:desk, '2025-03-08 02:00'), 4::bigint, '2.19: the first anchor after a restore');
SELECT is((SELECT chains FROM audit_anchor WHERE anchor_no = 4), 1::bigint, '2.19: covers what had moved before the dump');
SELECT is_empty('SELECT FROM ticket_chain c WHERE NOT EXISTS (SELECT FROM audit_anchor_head h WHERE h.ticket_no = c.ticket_no AND h.seq = c.seq)', '2.19: every chain');

-- F8: archiving
SELECT add_task(:desk, :'no', '给 13812345678 回电', '2025-03-06 09:00', 21, agent_id => 21, at => '2025-03-05 09:00') AS done_task \gset
SELECT is(finish_task(:desk, :'no', :done_task, 21, '2025-03-05 10:00'), '2025-03-05 10:00'::timestamptz, 'D7: a task that is over');
UPDATE desk SET archive_after = '30 days' WHERE desk_id = :desk;
SELECT is(archive_batch('2025-04-03 12:59'), 0, 'F8: not before its time');
SELECT is(archive_batch('2025-04-03 13:00'), 1, 'F8: then');
SELECT is(archive_batch('2025-04-03 13:01'), 0, 'F8: once');
SELECT is((SELECT body || '|' || attributes::text FROM ticket WHERE ticket_no = :'no'),
  '我的手机[mobile]，钱不见了|' || '{"vip": true, "amounts": [12, "[mobile]"], "contact": {"note": "mail [email]", "phone": "[phone]"}, "client_ip": "[client_ip]", "device_model": "Mate 60"}'::jsonb::text, 'F8: personal data masked in body and attributes');
SELECT bag_eq(format('SELECT body FROM message WHERE ticket_no = %L AND author_kind = %L', :'no', 'agent'), ARRAY['已处理，邮件发到 [email]', '没有别的'], 'F8: in messages');
SELECT is((SELECT array_agg(DISTINCT text || coalesce(salt::text, '-')) FROM event_text WHERE ticket_no = :'no' AND text ~ '核对'), '{电话[mobile]已核对-}', 'F8: in reasons');
SELECT is((SELECT title FROM task WHERE ticket_no = :'no' AND task_no = :done_task), '给 [mobile] 回电', 'F8: in tasks, those that are over too');
SELECT is((SELECT string_agg(kind, ' ' ORDER BY seq) FROM event WHERE ticket_no = :'no' AND kind LIKE 'task%'), 'task_created task_done', 'F8: which is no change of the task');
SELECT throws_ok(format('UPDATE task SET title = %L WHERE task_no = %s', 'another', :done_task), 'SF007', NULL, 'D7: which stays as it is else');
SELECT is_empty('SELECT faults()', 'F8: the record stays verifiable');
SELECT is((SELECT kind || ' ' || actor_kind FROM event WHERE ticket_no = :'no' ORDER BY seq DESC LIMIT 1), 'edited system', 'H1: and tells of it');
SELECT throws_ok(format('UPDATE message SET body = %L WHERE ticket_no = %L', 'never said', :'no'), 'SF007', 'messages cannot be changed', 'H1: words leave, they do not change');
SELECT throws_ok(format('UPDATE message SET body = %L, is_public = false WHERE ticket_no = %L', '', :'no'), 'SF007', NULL, 'H1: nor does anything else with them');
-- What comes later is masked in its turn, and so are tickets that never were closed.
SELECT receive(:desk, :'no', '又打 13812345678', at => '2025-04-05 09:00') > 0 AS x \gset
SELECT is(archive_batch('2025-04-06 13:00'), 1, 'F8: a ticket that was archived and written to is archived again');
SELECT is((SELECT body FROM message WHERE ticket_no = :'no' AND author_kind = 'customer'), '又打 [mobile]', 'F8: and what was written is masked');
SELECT is(archive_batch('2025-04-06 13:01'), 0, 'F8: once');
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at, state, duplicate_of) VALUES (:desk, 'email', 2, '手机13812345678', '2025-03-05 09:00', 'duplicate', :'no') RETURNING ticket_no AS repeated \gset
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at) VALUES (:desk, 'email', 2, '广告13812345678', '2025-03-05 09:00') RETURNING ticket_no AS spam \gset
SELECT mark_invalid(:desk, :'spam', 'spam', at => '2025-03-07 09:00') \g /dev/null
SELECT is(archive_batch('2025-04-05 09:00'), 1, 'F8: a duplicate');
SELECT is(archive_batch('2025-04-06 08:59'), 0, 'F8: an invalid one not before its time');
SELECT is(archive_batch('2025-04-06 09:00'), 1, 'F8: then');
SELECT results_eq(format('SELECT body FROM ticket WHERE ticket_no IN (%L, %L) ORDER BY 1', :'repeated', :'spam'), ARRAY['广告[mobile]', '手机[mobile]'], 'F8: both are masked');
SELECT is_empty('SELECT faults()', 'F8: which leaves the record whole');
CREATE ROLE audit_agent;
GRANT USAGE ON SCHEMA csflow TO audit_agent;
GRANT SELECT, UPDATE ON message, ticket TO audit_agent;
SET ROLE audit_agent;
SELECT throws_ok(format('UPDATE csflow.message SET body = %L WHERE ticket_no = %L', '', :'no'), 'SF007', NULL, 'H1: and only by the owner''s hand');
SELECT throws_ok(s, '42501', NULL, '2.11: not for everybody: ' || s) FROM unnest(ARRAY['SELECT csflow.anchor_audit(1)', 'SELECT csflow.erase_customer(1, 1)', 'SELECT csflow.archive_batch()', $$SELECT csflow.drop_months('2020-01-01', 'x')$$]) s;
RESET ROLE;
DROP OWNED BY audit_agent;
DROP ROLE audit_agent;
SELECT is(mask_attributes(a), b, 'F8: attributes ' || a::text) FROM (VALUES ('{}'::jsonb, '{}'::jsonb), ('[]', '[]'), ('null', 'null'), ('{"user_name": "王小明", "name": null, "ip": "1.1.1.1"}', '{"user_name": "[user_name]", "name": null, "ip": "[ip]"}'),
  ('{"order_no": "20231001123456789"}', '{"order_no": "20231001123456789"}')) v (a, b);
SELECT is(mask_attributes(mask_attributes(attributes)), mask_attributes(attributes), 'F8: masking twice is masking once') FROM ticket WHERE ticket_no = :'no';

-- I5: a person's data
INSERT INTO attachment (desk_id, ticket_no, name, uri) VALUES (:desk, :'no', 'a.png', 's3://x/a.png');
SELECT add_task(:desk, :'no', '给 13812345678 回电', '2027-01-01') AS task \gset
INSERT INTO late_cause (desk_id, ticket_no, clock, run, cause, explanation, recorded_at) VALUES (:desk, :'no', 'resolve', 1, 'resources', '张三休假', '2025-03-05 09:00');
INSERT INTO survey (desk_id, ticket_no, sent_at, last_sent_at, answered_at, answer_count, comment) VALUES (:desk, :'no', '2025-03-05 09:00', '2025-03-05 09:00', '2025-03-05 10:00', 1, '王小明很好');
SELECT to_jsonb(array_agg(c ORDER BY clock, run)) AS clocks FROM csflow.clock c WHERE ticket_no = :'no' \gset
SELECT results_eq(format('SELECT tickets, messages, attachments FROM erase_customer(%s, 1, %L)', :desk, 'asked on paper'), 'VALUES (1::bigint, 3::bigint, 1::bigint)', 'I5: erased, and counted');
SELECT is((SELECT (title, body, attributes)::text FROM ticket WHERE ticket_no = :'no'), '("","",{})', 'I5: the ticket''s words are gone');
SELECT is((SELECT string_agg(body, '') FROM message WHERE ticket_no = :'no'), '', 'I5: the messages'' too');
SELECT is((SELECT array_agg(DISTINCT text) FROM event_text WHERE ticket_no = :'no'), '{asked on paper}', 'I5: and reasons');
SELECT is((SELECT array_agg((l.explanation, k.title)::text) FROM late_cause l, task k WHERE l.ticket_no = :'no' AND k.ticket_no = :'no'), '{"(\"\",-)","(\"\",-)"}', 'I5: causes and tasks, those that are over too');
SELECT is((SELECT comment FROM survey WHERE ticket_no = :'no'), '', 'I5: the survey''s words');
SELECT is((SELECT (nickname, external_id, attributes)::text FROM customer WHERE desk_id = :desk AND customer_id = 1), '(,,{})', 'I5: the customer has no name left');
SELECT is((SELECT payload ->> 'uri' FROM outbox WHERE topic = 'erase_file'), 's3://x/a.png', 'I5: the store of files is told');
SELECT is((SELECT to_jsonb(array_agg(c ORDER BY clock, run)) FROM clock c WHERE ticket_no = :'no'), :'clocks'::jsonb, 'I5: clocks stay');
SELECT is_empty('SELECT faults()', 'I5: the record stays verifiable');
SELECT results_eq(format('SELECT tickets, messages, texts FROM erase_customer(%s, 1, %L)', :desk, 'asked on paper'), 'VALUES (1::bigint, 0::bigint, 0::bigint)', 'I5: again changes nothing');
SELECT is((SELECT payload ->> 'uri' FROM outbox WHERE topic = 'erase_file'), 's3://x/a.png', 'I5: the store of files still finds what it must delete');
UPDATE outbox SET sent_at = '2025-04-04 09:00' WHERE topic = 'erase_file';
SELECT is((SELECT count(*) FROM erase_customer(:desk, 1, 'asked on paper')), 1::bigint, 'I5: once it has been told');
SELECT is((SELECT payload FROM outbox WHERE topic = 'erase_file'), NULL, 'I5: the name of the file goes too');
SELECT throws_ok(format('SELECT erase_customer(%s, 4711)', :desk), 'SF005', format('desk %s has no customer 4711', :desk), 'I5: unknown customer');

-- I5: months leave
SELECT next_ticket_no('2020-01-15') AS old \gset
SELECT create_partitions('2020-01-01', 1) > 0 AS made \gset
INSERT INTO ticket (desk_id, ticket_no, channel, body, opened_at) VALUES (:desk, :'old', 'email', '闪退', '2020-01-15 09:00');
SELECT throws_ok($$SELECT * FROM drop_months('2020-03-01', 'five years')$$, 'SF007', '1 tickets of months before 2020-03 are not closed', 'I5: not while one is open');
UPDATE ticket SET state = 'invalid', changed_at = '2020-01-15 10:00' WHERE ticket_no = :'old';
SELECT throws_ok($$SELECT * FROM drop_months('2020-03-01', '')$$, 'SF017', NULL, 'I5: not without a reason');
SELECT anchor_audit(:desk, '2025-03-08 03:00') AS fourth \gset
SELECT results_eq($$SELECT month, tickets FROM drop_months('2020-03-01', 'five years')$$, $$VALUES (date '2020-01-01', 1::bigint)$$, 'I5: shown first');
SELECT is((SELECT count(*) FROM event WHERE ticket_no = :'old'), 2::bigint, 'I5: which changes nothing');
SELECT results_eq($$SELECT month, tickets FROM drop_months('2020-03-01', 'five years', false)$$, $$VALUES (date '2020-01-01', 1::bigint)$$, 'I5: dropped');
SELECT is((SELECT count(*) FROM event WHERE ticket_no = :'old') + (SELECT count(*) FROM pg_class WHERE relname ~ '_202001$'), 0::bigint, 'I5: gone');
SELECT is((SELECT state FROM ticket WHERE ticket_no = :'old'), 'invalid', 'I5: the ticket stays');
SELECT is_empty('SELECT faults()', 'I5: no fault, for the month is known to have left');
SELECT is_empty(format('SELECT * FROM verify_anchor(%s, 5)', :desk), 'I5: nor for anchors');
SELECT is_empty($$SELECT * FROM drop_months('2020-03-01', 'five years', false)$$, 'I5: once');
SELECT is(note(:desk, :'old', 'asked for again', agent_id => 11) > 0, true, 'I5: whose ticket may still do something');
SELECT is(note(:desk, :'old', 'and again', agent_id => 11) > 0, true, 'I5: more than once');
SELECT is_empty('SELECT faults()', 'I5: which is the beginning of its record');
SELECT anchor_audit(:desk, '2025-03-09 03:00') AS fifth \gset
SELECT is_empty('SELECT faults()', 'I5: and is anchored');
SELECT is_empty(format('SELECT * FROM verify_anchor(%s, 5)', :desk), 'I5: verifiably');
SET session_replication_role = replica;
BEGIN;
UPDATE event SET actor_id = 12 WHERE ticket_no = :'old' AND seq = 4;
SELECT results_eq('SELECT faults()', ARRAY['event_changed ' || :'old' || '/4'], 'H1: and a change of what follows shows');
DELETE FROM event WHERE ticket_no = :'old' AND seq = 4;
SELECT results_eq('SELECT faults()', ARRAY['event_missing ' || :'old' || '/3', 'rewritten ' || :'old' || '/4'], 'H1: as it shows that it is gone');
ROLLBACK;
RESET session_replication_role;
-- A month that never had a partition: imported.
SELECT next_ticket_no('2019-01-15') AS older \gset
INSERT INTO ticket (desk_id, ticket_no, channel, body, opened_at) VALUES (:desk, :'older', 'email', '闪退', '2019-01-15 09:00');
UPDATE ticket SET state = 'invalid', changed_at = '2019-01-15 10:00' WHERE ticket_no = :'older';
SELECT results_eq($$SELECT month, partitions[1:2] FROM drop_months('2019-03-01', 'five years')$$, $$VALUES (date '2019-01-01', '{clock_default,event_default}'::text[])$$, 'I5: what lies in a default partition is shown');
SELECT is((SELECT count(*) FROM event WHERE ticket_no = :'older'), 2::bigint, 'I5: and stays so far');
SELECT results_eq($$SELECT month, tickets FROM drop_months('2019-03-01', 'five years', false)$$, $$VALUES (date '2019-01-01', 1::bigint)$$, 'I5: it leaves');
SELECT is((SELECT count(*) FROM event WHERE ticket_no = :'older') + (SELECT count(*) FROM event_default WHERE ticket_no < '202001001') + (SELECT count(*) FROM clock WHERE ticket_no = :'older'), 0::bigint, 'I5: too');
SELECT cmp_ok((SELECT count(*) FROM event_default), '>', 0::bigint, 'I5: what is younger stays');
SELECT is_empty('SELECT faults()', 'I5: and the record is whole');
SELECT * FROM finish();
