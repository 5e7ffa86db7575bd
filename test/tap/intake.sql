-- Intake by INSERT alone: handbook A1-A5, A8, A9, B1, C1, I1; design 2.1, 2.9, 2.15.
\ir ../lib/internet_desk.sql
SELECT no_plan();

-- A1: every channel of the handbook, each instant or asynchronous
SELECT set_eq(format('SELECT channel, is_instant FROM csflow.channel WHERE desk_id = %s', :desk),
  $$VALUES ('live_chat', true), ('hotline', true), ('in_app_feedback', false), ('web_form', false), ('social_message', false),
    ('email', false), ('left_message', false), ('help_centre', false)$$, 'A1: the channels, each instant or asynchronous');
INSERT INTO ticket (desk_id, channel, body, opened_at)
SELECT :desk, channel, '怎么用', '2025-03-01 08:00' FROM channel WHERE desk_id = :desk;
SELECT set_eq(format('SELECT channel FROM csflow.ticket WHERE desk_id = %s', :desk),
  format('SELECT channel FROM csflow.channel WHERE desk_id = %s', :desk), 'A1: a ticket through each of them');
UPDATE channel SET is_active = false WHERE desk_id = :desk AND channel = 'help_centre';
SELECT throws_ok(format($$INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (%s, 'help_centre', 'x')$$, :desk), 'SF005',
  'channel "help_centre" is no longer in use', 'A1: a channel out of use takes no new ticket');
UPDATE channel SET is_active = true WHERE desk_id = :desk AND channel = 'help_centre';

-- B1, C1: the rules read the customer's words
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at)
VALUES (:desk, 'in_app_feedback', 1, E'  提现失败\n点击确认以后一直没有到账', '2025-03-03 09:00') RETURNING ticket_no AS blocked \gset
SELECT is((SELECT (kind, c.code, domain, t.team_id, t.impact, t.urgency, priority::text, tag::text, needs_review)::text
    FROM ticket t JOIN category c USING (desk_id, category_id) WHERE ticket_no = :'blocked'),
  ('technical_fault', 'core_function_blocked', '提现', :technical, 2, 1, 'A', '故障-提现-A级', false)::text,
  'B1: kind, second level, domain, department, priority and tag by the rules');
SELECT is((SELECT priority_reason FROM ticket WHERE ticket_no = :'blocked'), 'matrix: impact 2, urgency 1', 'B3: why');
SELECT ok((SELECT score >= 3 AND rules_version = v.version FROM ticket t JOIN configuration_version v USING (desk_id)
  WHERE ticket_no = :'blocked'), 'B2: score, and the version of the rules it was read with');
INSERT INTO ticket (desk_id, channel, body, opened_at) VALUES (:desk, 'email', '提現失敗，驗證碼也收不到', '2025-03-03 09:00')
RETURNING ticket_no AS traditional \gset
SELECT is((SELECT (t.kind, c.code)::text FROM ticket t JOIN category c USING (desk_id, category_id) WHERE ticket_no = :'traditional'),
  '(technical_fault,core_function_blocked)', 'B1: the same in traditional characters');
INSERT INTO ticket (desk_id, channel, body, opened_at) VALUES (:desk, 'email', '天气真好', '2025-03-03 09:00') RETURNING ticket_no AS vague \gset
SELECT is((SELECT (kind, category_id, team_id, priority::text, priority_reason, tag, needs_review)::text FROM ticket WHERE ticket_no = :'vague'),
  (NULL::text, NULL::bigint, :service, 'B', 'default of the desk', NULL::text, true)::text,
  'C2: what the rules cannot tell goes to the coordinators with the desk''s priority');

-- A3: title, origin, snapshot
SELECT is((SELECT title FROM ticket WHERE ticket_no = :'blocked'), '提现失败', 'A3: a missing title is the first line of the body');
INSERT INTO ticket (desk_id, channel, body, opened_at) VALUES (:desk, 'email', repeat('闪退', 40), '2025-03-03 09:00') RETURNING ticket_no AS long \gset
SELECT is((SELECT title FROM ticket WHERE ticket_no = :'long'), repeat('闪退', 30) || '...', 'A3: cut after 60 characters, never inside one');
INSERT INTO ticket (desk_id, channel, title, body, opened_at) VALUES (:desk, 'email', '我的标题', '闪退', '2025-03-03 09:00') RETURNING ticket_no AS titled \gset
SELECT is((SELECT title FROM ticket WHERE ticket_no = :'titled'), '我的标题', 'A3: a given title stays');
INSERT INTO ticket (desk_id, channel, title, body, opened_at) VALUES (:desk, 'email', '  ', E'\u3000\n 闪退了\n', '2025-03-03 09:00') RETURNING ticket_no AS blank \gset
SELECT is((SELECT title FROM ticket WHERE ticket_no = :'blank'), '闪退了', 'A3: a blank title is none; blank lines are no title');
INSERT INTO ticket (desk_id, channel, opened_at) VALUES (:desk, 'hotline', '2025-03-03 09:00') RETURNING ticket_no AS empty \gset
SELECT is((SELECT (title, body, needs_review, body_origin)::text FROM ticket WHERE ticket_no = :'empty'), '(,"",t,customer)',
  'A3: a ticket without a word is possible and has to be sorted by a person');
INSERT INTO ticket (desk_id, channel, body, body_origin, amount, attributes, opened_at)
VALUES (:desk, 'hotline', '闪退', 'transcript', 12.50, '{"device": "P60", "os": "HarmonyOS 4", "ip": "10.0.0.1"}', '2025-03-03 09:00')
RETURNING ticket_no AS snapshot \gset
SELECT is((SELECT (body_origin, amount, attributes ->> 'device')::text FROM ticket WHERE ticket_no = :'snapshot'), '(transcript,12.50,P60)',
  'A3: origin of the text, amount and snapshot are kept');

-- A4: numbers
SELECT ok((SELECT bool_and(ticket_no::text ~ '^\d{6}\d{3,}$' AND ticket_no::text ~ ('^' || to_char(now() AT TIME ZONE 'Asia/Shanghai', 'YYYYMM')))
  FROM ticket), 'A4: YYYYMM of the draw and at least three digits');
SELECT is((SELECT count(DISTINCT ticket_no) FROM ticket), (SELECT count(*) FROM ticket), 'A4: unique');
SELECT is((SELECT array_agg(next_ticket_no('2023-10-05')::text) FROM generate_series(1, 3)), '{202310001,202310002,202310003}'::text[],
  'A4: an import counts in its own month, from 001');
SELECT is((SELECT next_ticket_no('2023-09-30 16:30+00')::text), '202310004', 'A4: the month is that of the flow''s zone');
SELECT setval('ticket_no_seq', (to_char(now() AT TIME ZONE 'Asia/Shanghai', 'YYYYMM') || '0000000998')::bigint) IS NULL AS moved \gset
SELECT is((SELECT array_agg(substr(next_ticket_no()::text, 7)) FROM generate_series(1, 3)), '{999,1000,1001}'::text[], 'A4: grows past 999');

-- A5: pseudonyms
SELECT bag_hasnt($$SELECT attname::text FROM pg_attribute WHERE attrelid IN ('csflow.ticket'::regclass, 'csflow.customer'::regclass) AND attnum > 0$$,
  $$VALUES ('name'), ('real_name'), ('phone'), ('telephone'), ('address'), ('id_number')$$, 'A5: the record has no place for real names and numbers');
SELECT is((SELECT customer_tier FROM ticket WHERE ticket_no = :'blocked'), 'standard', 'A3: the customer''s tier is noted');
INSERT INTO ticket (desk_id, channel, customer_id, body, opened_at) VALUES (:desk, 'email', 2, '怎么用', '2025-03-03 09:00') RETURNING ticket_no AS vip \gset
UPDATE customer SET tier = 'standard' WHERE desk_id = :desk AND customer_id = 2;
SELECT is((SELECT customer_tier FROM ticket WHERE ticket_no = :'vip'), 'vip', 'A3: as it was when the ticket was opened');
UPDATE customer SET tier = 'vip' WHERE desk_id = :desk AND customer_id = 2;
INSERT INTO ticket (desk_id, channel, customer_id, customer_tier, body, opened_at) VALUES (:desk, 'email', 2, 'standard', '怎么用', '2025-03-03 09:00')
RETURNING ticket_no AS lowered \gset
SELECT is((SELECT customer_tier FROM ticket WHERE ticket_no = :'lowered'), 'standard', 'A3: a given tier stays');
SELECT is((SELECT customer_tier FROM ticket WHERE ticket_no = :'vague'), 'standard', 'A5: an anonymous customer counts as standard');

-- A9: initial state
SELECT is((SELECT (state, changed_at, changed_by_kind, changed_by, transfer_count, reopen_count)::text FROM ticket WHERE ticket_no = :'blocked'),
  ('new', '2025-03-03 09:00'::timestamptz, 'customer', NULL::bigint, 0, 0)::text, 'A9: new, the customer''s doing');
SELECT is((SELECT array_agg(text ORDER BY lang) FROM caption WHERE desk_id = :desk AND kind = 'state' AND code = 'new'), '{new,待处理}'::text[],
  'A9: the state''s captions are rows in both languages');
SELECT is((SELECT count(*) FROM states() s WHERE (SELECT count(*) FROM caption c WHERE c.desk_id = :desk AND c.kind = 'state' AND c.code = s.state) = 2),
  11::bigint, 'A9: each state has both captions');
INSERT INTO ticket (desk_id, channel, body, agent_id, opened_at) VALUES (:desk, 'email', '怎么用', 21, '2025-03-03 09:00') RETURNING ticket_no AS assigned \gset
SELECT is((SELECT (state, agent_id, team_id)::text FROM ticket WHERE ticket_no = :'assigned'), ('assigned', 21, :service)::text,
  'C2: one with an agent is assigned, its department that of the category');
SELECT is(events(:'assigned'), 'opened assigned', 'C2: and both are in the record');
INSERT INTO ticket (desk_id, channel, body, agent_id, opened_at) VALUES (:desk, 'email', '闪退', 21, '2025-03-03 09:00') RETURNING ticket_no AS assigned2 \gset
INSERT INTO ticket (desk_id, channel, body, state, agent_id, opened_at) VALUES (:desk, 'email', '怎么用', 'in_progress', 11, '2025-03-03 09:00')
RETURNING ticket_no AS taken \gset
SELECT is((SELECT (state, accepted_at)::text FROM ticket WHERE ticket_no = :'taken'), ('in_progress', '2025-03-03 09:00'::timestamptz)::text,
  'A9: a person may open it already in work');
SELECT throws_ok(format($$INSERT INTO csflow.ticket (desk_id, channel, body, state) VALUES (%s, 'email', 'x', 'closed')$$, :desk), 'SF006',
  'a ticket cannot be opened in state "closed"', 'A9: but not closed');
INSERT INTO ticket (desk_id, channel, body, opened_at, answered_at, closed_at, close_reason, first_response_at, transfer_count, reopen_count, changed_at)
VALUES (:desk, 'email', '怎么用', '2025-03-03 09:00', '2025-03-03 09:01', '2025-03-03 09:02', 'customer_confirmed', '2025-03-03 09:03', 7, 8, '2025-03-04 09:00')
RETURNING ticket_no AS boast \gset
SELECT is((SELECT (answered_at, closed_at, close_reason, first_response_at, transfer_count, reopen_count, changed_at)::text FROM ticket WHERE ticket_no = :'boast'),
  (NULL::text, NULL::text, NULL::text, NULL::text, 0, 0, '2025-03-03 09:00'::timestamptz)::text, 'A9: what only the flow can know is not taken from outside');

-- What is given explicitly is kept
INSERT INTO ticket (desk_id, channel, body, category_id, priority, opened_at)
SELECT :desk, 'email', '资金损失，钱不见了', category_id, 'C', '2025-03-03 09:00' FROM category WHERE desk_id = :desk AND code = 'crash'
RETURNING ticket_no AS explicit \gset
SELECT is((SELECT (c.code, t.kind, priority::text, priority_reason, needs_review, t.team_id)::text FROM ticket t JOIN category c USING (desk_id, category_id)
    WHERE ticket_no = :'explicit'), ('crash', 'technical_fault', 'C', 'given', false, :technical)::text, 'B7: explicit category and priority are kept');
SELECT is((SELECT notified_team_ids FROM ticket WHERE ticket_no = :'explicit'), ARRAY[:risk::bigint], 'B4: who must hear of it hears of it all the same');
INSERT INTO ticket (desk_id, channel, body, kind, opened_at) VALUES (:desk, 'email', '闪退', 'account_security', '2025-03-03 09:00')
RETURNING ticket_no AS kind_only \gset
SELECT is((SELECT (kind, c.code, t.team_id)::text FROM ticket t JOIN category c USING (desk_id, category_id) WHERE ticket_no = :'kind_only'
  AND c.parent_id IS NULL), ('account_security', 'account_security', :risk)::text, 'B1: a kind given alone is its first level');
INSERT INTO ticket (desk_id, channel, body, impact, urgency, team_id, domain, opened_at)
VALUES (:desk, 'email', '闪退', 1::smallint, 1::smallint, :product, '支付', '2025-03-03 09:00') RETURNING ticket_no AS degrees \gset
SELECT is((SELECT (impact, urgency, priority::text, team_id, domain, tag::text)::text FROM ticket WHERE ticket_no = :'degrees'),
  (1, 1, 'E', :product, '支付', '故障-支付-E级')::text, 'B3: given impact, urgency, department and domain are used');

-- I1: intake is idempotent
INSERT INTO ticket (desk_id, channel, body, source, external_id, opened_at) VALUES (:desk, 'email', '闪退', 'mail', 'm-1', '2025-03-03 09:00')
RETURNING ticket_no AS once \gset
SELECT count(*) AS events_before FROM event \gset
SELECT count(*) AS clocks_before FROM clock \gset
INSERT INTO ticket (desk_id, channel, body, source, external_id, opened_at) VALUES (:desk, 'hotline', '别的', 'mail', 'm-1', '2025-03-04 09:00')
ON CONFLICT (desk_id, source, external_id) DO NOTHING;
SELECT is((SELECT count(*) FROM ticket WHERE external_id = 'm-1'), 1::bigint, 'I1: the same external id twice is one ticket');
SELECT is((SELECT (channel, body, opened_at)::text FROM ticket WHERE ticket_no = :'once'), ('email', '闪退', '2025-03-03 09:00'::timestamptz)::text,
  'I1: the first stays as it was');
SELECT is(((SELECT count(*) FROM event), (SELECT count(*) FROM clock))::text, (:events_before, :clocks_before)::text, 'I1: no event and no clock came of the second');
SELECT throws_ok(format($$INSERT INTO csflow.ticket (desk_id, channel, body, source, external_id) VALUES (%s, 'email', 'x', 'mail', 'm-1')$$, :desk), '23505',
  NULL, 'I1: without ON CONFLICT it is an error');
INSERT INTO ticket (desk_id, channel, body, source, external_id, opened_at) VALUES
  (:desk, 'email', '闪退', 'app', 'm-1', '2025-03-03 09:00'), (:desk, 'email', '闪退', 'mail', NULL, '2025-03-03 09:00'),
  (:desk, 'email', '闪退', 'mail', NULL, '2025-03-03 09:00');
SELECT is((SELECT count(*) FROM ticket WHERE source IN ('app', 'mail')), 4::bigint, 'I1: another source or no external id is another ticket');
SELECT create_desk('second', NULL) AS second \gset
INSERT INTO ticket (desk_id, channel, body, source, external_id, opened_at) VALUES (:second, 'email', '闪退', 'mail', 'm-1', '2025-03-03 09:00')
ON CONFLICT (desk_id, source, external_id) DO NOTHING;
SELECT is((SELECT count(*) FROM ticket WHERE external_id = 'm-1' AND source = 'mail'), 2::bigint, 'I1: desks do not know of each other''s ids');
INSERT INTO message (desk_id, ticket_no, author_kind, body, source, external_id, at) VALUES
  (:desk, :'once', 'customer', '版本 5.2', 'mail', 'm-2', '2025-03-03 10:00'), (:desk, :'once', 'customer', '版本 5.2', 'mail', 'm-2', '2025-03-03 10:00')
ON CONFLICT (desk_id, ticket_no, source, external_id) DO NOTHING;
SELECT is((SELECT (count(*), min(events(ticket_no)))::text FROM message WHERE ticket_no = :'once'), '(1,"opened customer_message")',
  'I1: the same message twice, even in one statement, is one');

-- A desk without targets, and one with nothing at all
SELECT is((SELECT (state, kind, team_id, priority::text, needs_review)::text FROM ticket WHERE desk_id = :second),
  '(new,,,B,t)', 'H4: an empty desk takes tickets');
SELECT is((SELECT count(*) FROM clock WHERE desk_id = :second), 0::bigint, 'H4: without targets there are no clocks');
SELECT is((SELECT string_agg(kind, ' ') FROM event WHERE desk_id = :second), 'opened', 'H1: but the record is kept');
UPDATE ticket SET state = 'in_progress' WHERE desk_id = :second;
INSERT INTO message (desk_id, ticket_no, author_kind, body, at) SELECT :second, ticket_no, 'agent', 'x', now() FROM ticket WHERE desk_id = :second;
UPDATE ticket SET state = 'closed', close_reason = 'customer_confirmed' WHERE desk_id = :second;
SELECT is((SELECT string_agg(kind, ' ' ORDER BY seq) FROM event WHERE desk_id = :second), 'opened accepted reply closed', 'H4: and the flow goes its way');
INSERT INTO desk (name) VALUES ('bare') RETURNING desk_id AS bare \gset
SELECT throws_ok(format($$INSERT INTO csflow.ticket (desk_id, channel, body) VALUES (%s, 'email', 'x')$$, :bare), 'SF005', 'unknown channel "email"',
  'H4: a desk without rows at all says what it lacks');

-- A8: duplicates and invalid ones start no clocks, and a person can undo
INSERT INTO ticket (desk_id, channel, customer_id, body, state, duplicate_of, opened_at)
VALUES (:desk, 'email', 1, '提现失败', 'duplicate', :'blocked', '2025-03-03 09:30') RETURNING ticket_no AS repeat \gset
SELECT is((SELECT count(*) FROM clock WHERE ticket_no = :'repeat'), 0::bigint, 'A8: a duplicate starts no clock');
INSERT INTO ticket (desk_id, channel, body, state, opened_at) VALUES (:desk, 'email', '提现失败', 'invalid', '2025-03-03 09:30') RETURNING ticket_no AS invalid \gset
SELECT is((SELECT count(*) FROM clock WHERE ticket_no = :'invalid'), 0::bigint, 'A8: nor does an invalid one');
UPDATE ticket SET state = 'new', changed_at = '2025-03-03 09:40' WHERE ticket_no IN (:'repeat', :'invalid');
SELECT is((SELECT array_agg(DISTINCT (duplicate_of, state)::text) FROM ticket WHERE ticket_no IN (:'repeat', :'invalid')), '{"(,new)"}'::text[], 'A8: undone');
SELECT set_eq(format('SELECT clocks(%L)', :'repeat'), $$VALUES ('cause_located/1 03-03 09:40..- due 03-03 13:40 running'),
  ('first_response/1 03-03 09:30..- due 03-04 09:30 running'), ('resolve/1 03-03 09:30..- due - running')$$,
  'A8: then its clocks run, those from opening with the time since');
UPDATE ticket SET state = 'duplicate', duplicate_of = :'once', changed_at = '2025-03-03 11:00' WHERE ticket_no = :'blocked';
SELECT ok((SELECT bool_and(outcome = 'void' AND stopped_at = '2025-03-03 11:00') FROM clock WHERE ticket_no = :'blocked'), 'A8: those running become void');
SELECT is((SELECT (new_state, new_value)::text FROM event WHERE ticket_no = :'blocked' ORDER BY seq DESC LIMIT 1), format('(duplicate,%s)', :'once'),
  'A8: the original is in the record');
SELECT throws_ok(format($$UPDATE csflow.ticket SET state = 'duplicate' WHERE ticket_no = %L$$, :'vague'), 'SF017', 'a duplicate must name the original ticket',
  'A8: a duplicate of nothing');
SELECT throws_ok(format($$UPDATE csflow.ticket SET state = 'duplicate', duplicate_of = '190001001' WHERE ticket_no = %L$$, :'vague'), 'SF004', NULL,
  'A8: of a ticket that is not there');
SELECT throws_ok(format($$UPDATE csflow.ticket SET state = 'duplicate', duplicate_of = ticket_no WHERE ticket_no = %L$$, :'vague'), 'SF010', NULL,
  'A8: of itself');
-- A3, A5: a title made from the body does not cut a number in two, which nothing would mask any more.
CREATE FUNCTION made_title(desk bigint, body text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE opened csflow.ticket_no := csflow.open_ticket(desk, 'email', body);
BEGIN
  RETURN (SELECT t.title FROM csflow.ticket AS t WHERE t.ticket_no = opened);
END $$;
SELECT is(made_title(:desk, repeat('我打不开', 13) || '号13812345678请回电'), repeat('我打不开', 13) || '号...', 'A5: the cut goes before a telephone number');
SELECT is(made_title(:desk, repeat('我打不开', 13) || '号１３８ １２３４ ５６７８请回电'), repeat('我打不开', 13) || '号...', 'A5: also a full-width one in groups');
SELECT is(made_title(:desk, repeat('我打不开', 13) || ' someone@example.com 请回复'), repeat('我打不开', 13) || ' ...', 'A5: and an address');
SELECT is(made_title(:desk, repeat('我打不开', 14) || '的13个错误都在这里'), repeat('我打不开', 14) || '的13个...', 'A3: other numbers are cut where they are');
SELECT * FROM finish();
