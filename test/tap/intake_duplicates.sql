-- Duplicates recognised in the statement that opens them. Handbook A8, A7; design 2.1, 2.3.
\ir ../lib/small_desk.sql
SELECT no_plan();
UPDATE desk SET duplicate_at_intake = true WHERE desk_id = :desk;
CREATE FUNCTION state_of(number ticket_no) RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT state FROM csflow.ticket WHERE ticket_no = number); END$$;
INSERT INTO customer (desk_id, customer_id, nickname) SELECT :desk, i, 'panda' || i FROM generate_series(8, 20) i;
CREATE FUNCTION opened(desk bigint, customer bigint, body text, at timestamptz) RETURNS ticket_no LANGUAGE sql
  AS $$SELECT csflow.open_ticket(desk, 'email', body, customer_id => customer, at => at)$$;

SELECT opened(:desk, 7, 'App 闪退，打不开首页，怎么办？', '2025-03-03 09:00') AS a \gset
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at) VALUES (:desk, 'email', 7, 'APP閃退,打不開首頁 怎麼辦', '2025-03-03 09:30')
  RETURNING ticket_no AS b, (state, duplicate_of, changed_at, changed_by_kind, change_reason)::text AS returned \gset
SELECT is(:'returned', ('duplicate', :'a'::ticket_no, '2025-03-03 09:30'::timestamptz, 'agent', NULL)::text, 'A8: the INSERT returns a duplicate with its original: other script, width and case');
SELECT is((SELECT count(*) FROM clock WHERE ticket_no = :'b'), 0::bigint, 'A8: no clock ever started');
SELECT is((SELECT count(*) FROM clock WHERE ticket_no = :'a' AND stopped_at IS NULL), 2::bigint, 'A8: those of the original run');
SELECT is((SELECT array_agg((e.kind, e.actor_kind, e.old_state, e.new_state, e.new_value, x.text)::text ORDER BY e.seq) FROM event e LEFT JOIN event_text x USING (desk_id, ticket_no, seq) WHERE e.ticket_no = :'b'), ARRAY[
  ('opened', 'agent', NULL, 'new', 'B', NULL)::text, ('state_changed', 'system', 'new', 'duplicate', :'a', '100 % like ' || :'a')::text], 'A8, H1: opened by whoever opened it, marked by the system');
SELECT is((SELECT count(*) FROM queue WHERE ticket_no = :'b'), 0::bigint, 'A8: it is in nobody''s queue');
SELECT is((SELECT count(*) FROM duplicate_queue WHERE ticket_no IN (:'a', :'b')), 1::bigint, 'A8: nor is it looked at again, as the original is once');
SELECT is(state_of(opened(:desk, 8, 'App 闪退，打不开首页，怎么办？', '2025-03-03 09:40')), 'new', 'A8: not another customer''s');
SELECT is(state_of(opened(:desk, 7, '发票抬头写错了，请重开', '2025-03-03 09:50')), 'new', 'A8: not another matter');
SELECT opened(:desk, 7, 'App闪退打不开首页怎么办呢', '2025-03-03 10:00') AS c \gset
SELECT is((SELECT (state, duplicate_of)::text FROM ticket WHERE ticket_no = :'c'), ('duplicate', :'a'::ticket_no)::text, 'A8: all point at the first');
SELECT is(state_of(opened(:desk, 7, 'App 闪退，打不开首页，怎么办？', '2025-03-04 09:00:00.000001')), 'new', 'A8: the window ends to the microsecond, and a duplicate is no original');
SELECT is(mark_duplicates(:desk, '2025-03-04 10:00'), 0, 'A8: nothing is left for the pass');
SELECT is((SELECT count(*) FROM duplicate_queue), 0::bigint, 'A8: whose queue is empty then');

-- Undo: as if never marked, but the customer has waited since it was opened
SELECT undo_mark(:desk, :'c', 'another page', agent_id => 11, at => '2025-03-03 11:00') AS undone \gset
SELECT is((SELECT array_agg((clock, started_at, outcome IS NULL)::text ORDER BY clock) FROM clock WHERE ticket_no = :'c'),
  ARRAY[('first_response', '2025-03-03 10:00'::timestamptz, true)::text, ('resolve', '2025-03-03 10:00'::timestamptz, true)::text], 'A8: undone, its clocks start, from its opening');
SELECT recheck_duplicates(:desk, '2025-03-03') > 0 AS rechecked \gset
SELECT is(mark_duplicates(:desk, '2025-03-04 10:00'), 1, 'A8: the one of the next day repeats it now');
SELECT is((SELECT state FROM ticket WHERE ticket_no = :'c'), 'new', 'A8: undone is not marked again');

-- One statement; order and chain
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at) SELECT :desk, 'email', 9, '同一句话说了很多遍', '2025-03-05 09:00' FROM generate_series(1, 300);
SELECT is((SELECT array_agg(DISTINCT state || n ORDER BY state || n) FROM (SELECT state, count(*) AS n FROM ticket WHERE customer_id = 9 GROUP BY state) c), '{duplicate299,new1}', 'A8: 300 in one statement: all but the first');
SELECT is((SELECT count(DISTINCT duplicate_of) FROM ticket WHERE customer_id = 9), 1::bigint, 'A8: of the first, however far back it is');
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at) SELECT :desk, 'email', 10, b, '2025-03-05 09:00'::timestamptz + n * interval '1 minute' FROM (VALUES (1, 'aabbccddeeff'), (2, 'aabbccddeexx'), (3, 'aabbccddyyxx')) v (n, b) ORDER BY n;
SELECT is((SELECT array_agg(state ORDER BY opened_at) FROM ticket WHERE customer_id = 10), '{new,duplicate,new}', 'A8: like a duplicate, but not like its original: its own matter');

-- What may not be marked, or is no original
SELECT opened(:desk, 11, '', '2025-03-06 09:00'), opened(:desk, 11, '  ', '2025-03-06 09:01') \g /dev/null
SELECT is((SELECT array_agg(state) FROM ticket WHERE customer_id = 11), '{new,new}', 'A8: empty texts are no duplicates of one another');
SELECT opened(:desk, 12, '验证码收不到', '2025-03-06 09:00') AS p \gset
SELECT mark_invalid(:desk, :'p', 'a test', agent_id => 11, at => '2025-03-06 09:01') AS invalid \gset
SELECT is(state_of(opened(:desk, 12, '验证码收不到', '2025-03-06 09:02')), 'new', 'A8: an invalid ticket is no original');
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at, state) VALUES (:desk, 'email', 12, '验证码收不到', '2025-03-06 09:03', 'in_progress'), (:desk, 'email', 12, '验证码收不到', '2025-03-06 09:03', 'answered');
SELECT is((SELECT count(*) FROM ticket WHERE customer_id = 12 AND state = 'duplicate'), 0::bigint, 'A8: what is opened as begun or answered is not marked');
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at, state, duplicate_of, changed_by) VALUES (:desk, 'email', 12, '另一件事', '2025-03-06 09:04', 'duplicate', :'p', 11) RETURNING ticket_no AS given \gset
SELECT is((SELECT array_agg((kind, actor_kind, new_state)::text) FROM event WHERE ticket_no = :'given'), ARRAY[('opened', 'agent', 'duplicate')::text], 'A8: opened as a duplicate by somebody: their doing, one event');
INSERT INTO ticket (desk_id, channel, body, opened_at) SELECT :desk, 'email', 'nobody says who', '2025-03-06 09:10' FROM generate_series(1, 2);
SELECT is((SELECT count(*) FROM ticket WHERE body = 'nobody says who' AND state = 'new'), 2::bigint, 'A8: without a customer nothing is compared');
INSERT INTO ticket (desk_id, channel, customer_id, agent_id, body, opened_at) SELECT :desk, 'email', 13, 12, '退款没有到账', '2025-03-06 09:10'::timestamptz + i * interval '1 minute' FROM generate_series(0, 1) i;
SELECT is((SELECT array_agg((kind, old_state, new_state)::text ORDER BY seq) FROM event WHERE ticket_no = (SELECT ticket_no FROM ticket WHERE customer_id = 13 AND state = 'duplicate')), ARRAY[
  ('opened', NULL, 'assigned')::text, ('assigned', NULL, NULL)::text, ('state_changed', 'assigned', 'duplicate')::text], 'A8: assigned at once, and a duplicate');

-- I1: the same external id again is one ticket, not its duplicate
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at, source, external_id) VALUES (:desk, 'email', 14, '换绑手机号', '2025-03-06 09:00', 'crm', '1');
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at, source, external_id) VALUES (:desk, 'email', 14, '换绑手机号', '2025-03-06 09:00', 'crm', '1')
  ON CONFLICT (desk_id, source, external_id) DO UPDATE SET title = 'again';
SELECT is((SELECT array_agg((state, title)::text) FROM ticket WHERE customer_id = 14), '{"(new,again)"}', 'I1, A8: one ticket, which is new');

-- Later passes: what intake could not see
BEGIN;
UPDATE desk SET duplicate_at_intake = false WHERE desk_id = :desk;
SELECT is(state_of(opened(:desk, 7, 'App 闪退，打不开首页，怎么办？', '2025-03-03 12:00')), 'new', 'A8: switched off, an INSERT does not look');
ROLLBACK;
SELECT opened(:desk, 15, '换货的快递没有人来取', '2025-03-07 10:00') AS late \gset
SELECT opened(:desk, 15, '换货的快递没有人来取件', '2025-03-07 11:00') AS later \gset
SELECT is((SELECT duplicate_of FROM ticket WHERE ticket_no = :'later'), :'late'::ticket_no, 'A8: marked at intake');
SELECT is(mark_duplicates(:desk, '2025-03-07 12:00'), 0, 'A8: looked at');
SELECT opened(:desk, 15, '换货的快递没有人来取。', '2025-03-07 09:00') AS first \gset
SELECT is(mark_duplicates(:desk, '2025-03-07 12:00'), 1, 'A8: an earlier one that is brought in afterwards becomes the original');
SELECT is((SELECT array_agg((state, duplicate_of)::text ORDER BY opened_at) FROM ticket WHERE customer_id = 15), ARRAY[('new', NULL)::text, ('duplicate', :'first'::ticket_no)::text, ('duplicate', :'first'::ticket_no)::text], 'A8: also of what was a duplicate already');
INSERT INTO ticket (desk_id, channel, body, opened_at) VALUES (:desk, 'email', '优惠券没有生效', '2025-03-08 09:01') RETURNING ticket_no AS unknown \gset
SELECT opened(:desk, 16, '优惠券没有生效', '2025-03-08 09:00') AS known \gset
UPDATE ticket SET customer_id = 16, changed_by_kind = 'system', changed_at = '2025-03-08 09:05' WHERE ticket_no = :'unknown';
SELECT is(mark_duplicates(:desk, '2025-03-08 10:00'), 1, 'A8, A6: a customer found out later: the pass looks');
SELECT is((SELECT duplicate_of FROM ticket WHERE ticket_no = :'unknown'), :'known'::ticket_no, 'A8: and finds the original');

-- The bound: a shared account
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at) SELECT :desk, 'email', 17, md5(i::text), '2025-03-09 09:00'::timestamptz + i * interval '1 second' FROM generate_series(0, 20) i;
SELECT is(state_of(opened(:desk, 17, md5('0'), '2025-03-09 10:00')), 'new', 'A8: intake looks at the 20 last');
SELECT is(mark_duplicates(:desk, '2025-03-09 11:00'), 1, 'A8: the pass further back');
CREATE INDEX of_the_closed ON csflow.ticket (desk_id, customer_id, opened_at) WHERE state = 'closed';
SELECT is(state_of(opened(:desk, 7, 'App 闪退，打不开首页，怎么办？', '2025-03-03 11:50')), 'duplicate', 'A8: an index of some tickets only is not asked');
DROP INDEX csflow.of_the_closed;
DROP INDEX csflow.ticket_customer;
SELECT is(state_of(opened(:desk, 7, 'App 闪退，打不开首页，怎么办？', '2025-03-03 12:00')), 'new', 'A8: without its index intake leaves it to the pass');
CREATE INDEX ticket_customer ON csflow.ticket (desk_id, customer_id, opened_at) WHERE customer_id IS NOT NULL;
SELECT is(state_of(opened(:desk, 7, 'App 闪退，打不开首页，怎么办？', '2025-03-03 12:01')), 'duplicate', 'A8: with it again, at the next statement');

SELECT * FROM finish();
