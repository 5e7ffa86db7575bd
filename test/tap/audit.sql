-- The audit: who did what when, append-only, and tampering shows. Handbook H1, I5; design 2.19.
\ir ../lib/internet_desk.sql
SELECT no_plan();

-- The binary form that is hashed, written once more from its description alone (src/engine/record.c, version 1): integers in
-- network byte order, instants in microseconds since 2000, strings with their length before them, -1 for none.
CREATE FUNCTION string_form(t text) RETURNS bytea LANGUAGE sql IMMUTABLE RETURN
  CASE WHEN t IS NULL THEN '\xffffffff'::bytea ELSE int4send(octet_length(convert_to(t, 'UTF8'))) || convert_to(t, 'UTF8') END;
CREATE FUNCTION event_form(e csflow.event) RETURNS bytea LANGUAGE sql STABLE RETURN
  '\x01'::bytea || int8send(e.desk_id) || csflow.ticket_no_send(e.ticket_no) || int4send(e.seq) || timestamptz_send(e.at) || timestamptz_send(e.recorded_at)
  || string_form(e.kind) || string_form(e.actor_kind) || int8send(coalesce(e.actor_id, 0)) || string_form(e.old_state) || string_form(e.new_state)
  || string_form(e.old_value) || string_form(e.new_value) || string_form(e.clock) || int4send(coalesce(e.run, 0)) || int4send(coalesce(e.step_position, 0)::int)
  || coalesce(timestamptz_send(e.due_at), '\x8000000000000000') || int8send(coalesce(e.message_no, 0))
  || set_byte('\x00', 0, num_nonnulls(e.text_digest) + CASE WHEN e.same_act THEN 2 ELSE 0 END) || coalesce(e.text_digest, '');
CREATE FUNCTION faults() RETURNS SETOF text LANGUAGE sql STABLE AS $$
  SELECT format('%s event %s of %s: hash', kind, seq, ticket_no) FROM (
    SELECT e.kind, e.seq, e.ticket_no, e.hash, sha256(coalesce(lag(e.hash) OVER w, decode(repeat('00', 32), 'hex')) || event_form(e)) AS wanted
    FROM csflow.event e WINDOW w AS (PARTITION BY desk_id, ticket_no ORDER BY seq)) v WHERE hash <> wanted
  UNION ALL
  SELECT format('%s: gap before event %s', ticket_no, seq) FROM (SELECT ticket_no, seq, row_number() OVER (PARTITION BY desk_id, ticket_no ORDER BY seq) AS n FROM csflow.event) v WHERE seq <> n
  UNION ALL
  SELECT format('%s: head', t.ticket_no) FROM csflow.ticket t LEFT JOIN csflow.ticket_chain c USING (desk_id, ticket_no)
  WHERE (c.seq, c.head) IS DISTINCT FROM (SELECT (e.seq, e.hash) FROM csflow.event e WHERE e.desk_id = t.desk_id AND e.ticket_no = t.ticket_no ORDER BY seq DESC LIMIT 1)
  UNION ALL
  SELECT format('%s: text of event %s', x.ticket_no, x.seq) FROM csflow.event_text x LEFT JOIN csflow.event e USING (desk_id, ticket_no, seq)
  WHERE e.text_digest IS DISTINCT FROM sha256(x.salt || convert_to(x.text, 'UTF8'))
  ORDER BY 1
$$;

-- A life with every sort of event
INSERT INTO ticket (desk_id, channel, body, customer_id, opened_at) VALUES (:desk, 'live_chat', '提现失败，钱不见了', 1, '2025-03-03 09:00') RETURNING ticket_no AS no \gset
INSERT INTO message (desk_id, ticket_no, author_kind, body, at) VALUES (:desk, :'no', 'system', '已收到', '2025-03-03 09:00:30');
UPDATE ticket SET agent_id = 21, changed_at = '2025-03-03 09:01', changed_by = 91 WHERE ticket_no = :'no';
UPDATE ticket SET state = 'in_progress', changed_at = '2025-03-03 09:05', changed_by = 21, change_reason = '我来看日志' WHERE ticket_no = :'no';
INSERT INTO message (desk_id, ticket_no, author_kind, body, at, next_news_at, changed_by) VALUES (:desk, :'no', 'agent', '12点前答复', '2025-03-03 09:10', '2025-03-03 12:00', 21);
UPDATE ticket SET team_id = :product, agent_id = 41, changed_at = '2025-03-03 09:20', changed_by = 21, change_reason = 'their screen — ça va ?' WHERE ticket_no = :'no';
SELECT escalate_batch('2025-03-04 10:00') > 0 AS swept \gset
UPDATE ticket SET priority = 'A', changed_at = '2025-03-04 11:00', changed_by = 91, change_reason = 'not funds' WHERE ticket_no = :'no';
UPDATE ticket SET category_id = (SELECT category_id FROM category WHERE desk_id = :desk AND code = 'crash'), changed_at = '2025-03-04 11:01', changed_by = 91, change_reason = 'a crash' WHERE ticket_no = :'no';
UPDATE ticket SET state = 'waiting_customer', changed_at = '2025-03-04 11:02', changed_by = 41 WHERE ticket_no = :'no';
INSERT INTO message (desk_id, ticket_no, author_kind, body, at) VALUES (:desk, :'no', 'customer', '5.2', '2025-03-04 11:03');
INSERT INTO message (desk_id, ticket_no, author_kind, body, at, is_public, milestone, changed_by) VALUES (:desk, :'no', 'agent', 'null pointer', '2025-03-04 11:04', false, 'cause_located', 41);
UPDATE ticket SET agent_id = NULL, title = '新标题', changed_at = '2025-03-04 11:05' WHERE ticket_no = :'no';
UPDATE ticket SET state = 'answered', changed_at = '2025-03-04 12:00', changed_by = 41 WHERE ticket_no = :'no';
UPDATE ticket SET state = 'in_progress', changed_at = '2025-03-04 13:00', changed_by_kind = 'customer', changed_by = NULL WHERE ticket_no = :'no';
UPDATE ticket SET state = 'answered', changed_at = '2025-03-04 14:00', changed_by = 41 WHERE ticket_no = :'no';
SELECT auto_close_batch('2025-03-07 14:00') AS closed \gset
SELECT results_eq(format($$SELECT kind, actor_kind, actor_id FROM csflow.event WHERE ticket_no = %L AND kind <> 'step_fired' ORDER BY seq$$, :'no'), $$VALUES
  ('opened', 'customer', NULL::bigint), ('automatic_message', 'system', NULL), ('assigned', 'agent', 91), ('state_changed', 'agent', 91), ('accepted', 'agent', 21), ('reply', 'agent', 21),
  ('transferred', 'agent', 21), ('assigned', 'agent', 21), ('priority_changed', 'agent', 91), ('category_changed', 'agent', 91), ('state_changed', 'agent', 41), ('customer_message', 'customer', NULL),
  ('state_changed', 'customer', NULL), ('note', 'agent', 41), ('unassigned', 'unknown', NULL), ('edited', 'unknown', NULL), ('answered', 'agent', 41), ('reopened', 'customer', NULL), ('answered', 'agent', 41), ('closed', 'system', NULL)$$,
  'H1: who did what, in order');
SELECT ok((SELECT count(*) > 10 FROM event WHERE kind = 'step_fired'), 'H1: and what time did');

-- The chain, computed independently
SELECT is_empty('SELECT faults()', '2.19: every hash, every head, every digest is what the documented form gives');
SELECT is((SELECT count(*) FROM event WHERE hash IS NULL OR octet_length(hash) <> 32), 0::bigint, '2.19: each event has one');
SELECT is((SELECT array_agg(text ORDER BY seq) FROM event_text WHERE ticket_no = :'no' AND text !~ '^step'), ARRAY['我来看日志', 'their screen — ça va ?', 'their screen — ça va ?', 'not funds', 'a crash'],
  '2.19: free text is kept apart');
SELECT is((SELECT count(DISTINCT salt) FROM event_text), (SELECT count(*) FROM event_text), '2.19: each with a salt of its own, so that equal texts do not show');
SELECT is((SELECT count(*) FROM event e WHERE to_jsonb(e)::text ~ '日志|新标题|null pointer|钱不见了'), 0::bigint, 'A5: no event holds words of people');
INSERT INTO ticket (desk_id, channel, body, opened_at) SELECT :desk, 'email', '闪退 ' || i, '2025-03-03 09:00' FROM generate_series(1, 2500) i;
UPDATE ticket SET state = 'in_progress', change_reason = 'bulk', changed_at = '2025-03-03 10:00' WHERE state = 'new';
SELECT is_empty('SELECT faults()', '2.19: also of thousands written at once');

-- Nothing can be changed, by nobody, by no way
SELECT throws_ok(s, 'SF007', 'events cannot be changed or removed', 'H1: ' || s) FROM (VALUES
  ('UPDATE csflow.event SET actor_id = 11'), ('UPDATE csflow.event SET hash = hash'), ('DELETE FROM csflow.event'), ('TRUNCATE csflow.event'), ('TRUNCATE csflow.event, csflow.event_text CASCADE'),
  ('TRUNCATE csflow.event_default'), ('DELETE FROM csflow.ticket_chain'), ('TRUNCATE csflow.ticket_chain')) v (s);
SELECT format('csflow.event_%s', to_char(now() AT TIME ZONE 'Asia/Shanghai', 'YYYYMM')) AS partition \gset
SELECT throws_ok(s, 'SF007', 'events cannot be changed or removed', 'H1: of a partition by itself: ' || left(s, 8)) FROM (VALUES
  (format('UPDATE %s SET actor_id = 11', :'partition')), (format('DELETE FROM %s', :'partition')), (format('TRUNCATE %s', :'partition'))) v (s);
SELECT throws_ok(s, 'SF007', NULL, 'H1: ' || s) FROM (VALUES ('DELETE FROM csflow.ticket'), ('TRUNCATE csflow.ticket CASCADE'), ('DELETE FROM csflow.message'), ('TRUNCATE csflow.message'),
  ('UPDATE csflow.message SET body = ''never said''')) v (s);
SELECT ok((SELECT bool_and(c.relowner = (SELECT relowner FROM pg_class WHERE oid = 'csflow.ticket'::regclass)) FROM pg_class c WHERE c.relnamespace = 'csflow'::regnamespace AND c.relname LIKE 'event%'), 'H1: this was tried by the owner, a superuser');
SELECT is_empty('SELECT faults()', 'H1: and nothing has changed');

-- Whoever gets past the triggers leaves a trace
BEGIN;
ALTER TABLE csflow.event DISABLE TRIGGER event_kept;
UPDATE csflow.event SET actor_id = 11 WHERE ticket_no = :'no' AND kind = 'accepted';
SELECT results_eq('SELECT faults()', (SELECT ARRAY[format('accepted event %s of %s: hash', seq, ticket_no)] FROM event WHERE ticket_no = :'no' AND kind = 'accepted'), 'H1: another name in an event shows, and which event');
ROLLBACK;
BEGIN;
ALTER TABLE csflow.event DISABLE TRIGGER event_kept;
DELETE FROM csflow.event WHERE ticket_no = :'no' AND kind = 'reply';
SELECT is((SELECT count(*) FROM faults()), 1 + (SELECT count(*) FROM event WHERE ticket_no = :'no' AND seq > 5), 'H1: an event taken out shows');
ROLLBACK;
BEGIN;
ALTER TABLE csflow.event DISABLE TRIGGER event_kept;
DELETE FROM csflow.event WHERE ticket_no = :'no' AND kind = 'closed';
SELECT results_eq('SELECT faults()', (SELECT ARRAY[format('%s: head', ticket_no), format('%s: text of event %s', ticket_no, seq + 1)] FROM event WHERE ticket_no = :'no' ORDER BY seq DESC LIMIT 1), 'H1: the last one taken away shows at the head');
ROLLBACK;
BEGIN;
UPDATE event_text SET text = '别的话' WHERE ticket_no = :'no' AND text = '我来看日志';
SELECT is((SELECT count(*) FROM faults() f WHERE f LIKE '%text of event%'), 1::bigint, 'H1: other words show');
ROLLBACK;
-- I5: purging does not
BEGIN;
DELETE FROM event_text WHERE ticket_no = :'no';
SELECT is_empty('SELECT faults()', 'I5: texts can be purged, the chain stays verifiable');
ROLLBACK;

-- Edits that have no event of their own are named
UPDATE ticket SET attributes = '{"device": "P60"}', body = 'other words', amount = 3, changed_at = '2025-03-08 09:00' WHERE ticket_no = :'no';
SELECT is((SELECT (kind, new_value)::text FROM event WHERE ticket_no = :'no' ORDER BY seq DESC LIMIT 1), '(edited,"body, amount, attributes")', 'H1: edited columns by name, not by value');
SELECT count(*) AS before FROM event \gset
UPDATE ticket SET body = body, title = title, state = state, changed_at = '2025-03-08 09:30' WHERE ticket_no = :'no';
UPDATE ticket SET body = 'other words', amount = 3, attributes = '{"device":  "P60"}', changed_at = '2025-03-08 10:00' WHERE ticket_no = :'no';
SELECT is((SELECT count(*) FROM event) - :before, 0::bigint, 'H1: what is equal was not edited');
UPDATE ticket SET body = repeat('闪退', 5000), changed_at = now() WHERE ticket_no = :'no';
SELECT count(*) AS before FROM event \gset
UPDATE ticket SET body = repeat('闪退', 5000) WHERE ticket_no = :'no';
SELECT is((SELECT count(*) FROM event) - :before, 0::bigint, 'H1: however long it is');
SELECT is_empty('SELECT faults()', '2.19: the chain holds to the end');
SELECT * FROM finish();
