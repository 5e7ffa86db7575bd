-- Event logs in the documented layout: what is refused and how it says so, what every event does, that a log may be loaded
-- twice, and that the generated week is played to the end. doc/demo.md; handbook A1, A8, B7, C4, D3, D6, D9, F1, F2, I1.
-- Not in make quick: a week is generated and played.
\set ON_ERROR_STOP 1
SET TimeZone = 'Asia/Shanghai';
SET client_min_messages = warning;
SELECT no_plan();
SELECT csflow.create_desk('demo', 'internet') AS desk \gset
\ir ../demo/desk.sql
\ir ../demo/log.sql
\ir ../demo/incidents.sql
\ir ../demo/replay.sql
\ir ../demo/report_functions.sql

CREATE FUNCTION read_log(source text, header text, VARIADIC lines text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  PERFORM csflow_demo.prepare(header);
  FOREACH line IN ARRAY lines LOOP
    EXECUTE format('INSERT INTO csflow_demo.raw (%s) VALUES (%s)', header, (SELECT string_agg(quote_literal(c), ', ' ORDER BY n) FROM string_to_table(line, ',') WITH ORDINALITY AS s (c, n)));
  END LOOP;
  RETURN csflow_demo.load(source, (SELECT desk_id FROM csflow.desk WHERE name = 'demo'));
END
$$;

-- Which file
SELECT is(csflow_demo.prepare(E'\uFEFF"AT", Ticket ,event\r'), 'events', 'the first line may have a mark, quotes, blanks and capitals');
SELECT throws_ok($$SELECT csflow_demo.prepare('at,event,body')$$, '42703', 'this file cannot be replayed: no column ticket', 'a column missing is named');
SELECT throws_ok($$SELECT csflow_demo.prepare('number,incident_state,opened_at,impact,urgency,assigned_to')$$, '42703',
  'this file cannot be replayed: no column sys_updated_at, reassignment_count, caller_id, contact_type, category, subcategory, u_symptom, assignment_group',
  'of the layout that comes closest');
SELECT throws_ok($$SELECT csflow_demo.prepare('at;ticket;event')$$, '42703', 'this file cannot be replayed: no column at, ticket, event', 'semicolons do not separate');

-- What it says
SELECT throws_ok($$SELECT read_log('x', 'at,ticket,event,channel', '2025-03-03 09:00,1,opened,email', 'tomorrow or so,1,accepted,')$$, '22P02',
  'row 2 of the log: at "tomorrow or so" cannot be read', 'no instant');
SELECT throws_ok($$SELECT read_log('x', 'at,ticket,event,channel,amount', '2025-03-03 09:00,1,opened,email,much')$$, '22P02',
  'row 1 of the log: amount "much" cannot be read', 'no number');
SELECT throws_ok($$SELECT read_log('x', 'at,ticket,event,channel,priority', '2025-03-03 09:00,1,opened,email,Z')$$, '22P02',
  'row 1 of the log: priority "Z" cannot be read', 'no priority');
SELECT throws_ok($$SELECT read_log('x', 'at,ticket,event', ',1,opened')$$, '23502', NULL, 'no instant at all');
SELECT throws_ok($$SELECT read_log('x', 'at,ticket,event,channel', '2025-03-03 09:00,1,opened,email', '2025-03-03 09:01,1,excepted,')$$, '22023',
  'row 2 of the log: there is no event "excepted"', 'an unknown event');
SELECT throws_ok($$SELECT read_log('x', 'at,ticket,event', '2025-03-03 09:00,1,accepted')$$, '22023',
  'row 1 of the log: ticket "1" begins with "accepted", not with "opened"', 'a ticket that was never opened');
SELECT throws_ok($$SELECT read_log('x', 'at,ticket,event,channel', '2025-03-03 09:00,1,opened,email', '2025-03-03 09:00,1,opened,email')$$, '22023',
  'row 2 of the log: ticket "1" is opened again', 'or twice');
SELECT throws_ok($$SELECT read_log('x', 'at,ticket,event,channel', '2025-03-03 09:00,1,opened,fax')$$, '22023', 'row 1 of the log: there is no channel "fax"', 'an unknown channel');
SELECT throws_ok($$SELECT read_log('x', 'at,ticket,event,channel', '2025-03-03 09:00,1,opened,email', '2025-03-03 09:00,1,transferred,')$$, '22023',
  'row 2 of the log: "transferred" needs a value in column "team"', 'a value missing');
SELECT is((SELECT count(*) FROM csflow_demo.log), 0::bigint, 'nothing of a refused log is kept');

-- Every event, in any order of rows
SELECT is(read_log('small', 'at,ticket,event,channel,customer,customer_tier,team,agent,body,milestone,next_news_at,original,reason,impact,urgency,priority,category,shop',
  '2025-03-03 09:03:00,a,reply,,,,,A1,查询中,,2025-03-03 12:00:00,,,,,,,',
  '2025-03-03 09:00:00,a,opened,email,c1,vip,,,App一打开就闪退,,,,,,,,,north',
  '2025-03-03 09:01:00,a,automatic_message,,,,,,已收到,,,,,,,,,',
  '2025-03-03 09:01:10,a,assigned,,,,technical_team,A1,,,,,,,,,,',
  '2025-03-03 09:02:00,a,accepted,,,,,A1,,,,,,,,,,',
  '2025-03-03 09:04:00,a,waiting_customer,,,,,A1,,,,,ask,,,,,',
  '2025-03-03 09:05:00,a,customer_message,,,,,,截图已发,,,,,,,,,',
  '2025-03-03 09:06:00,a,note,,,,,A1,缓存,cause_located,,,,,,,,',
  '2025-03-03 09:07:00,a,transferred,,,,new_team,A2,,,,,needed,,,,,',
  '2025-03-03 09:08:00,a,accepted,,,,new_team,A2,,,,,,,,,,',
  '2025-03-03 09:09:00,a,waiting_partner,,,,,A2,,,,,bank,,,,,',
  '2025-03-03 09:10:00,a,resumed,,,,,A2,,,,,back,,,,,',
  '2025-03-03 09:11:00,a,waiting_approval,,,,,A2,,,,,refund,,,,,',
  '2025-03-03 09:12:00,a,approved,,,,,A3,,,,,ok,,,,,',
  '2025-03-03 09:13:00,a,answered,,,,,A2,已修复,,,,,,,,,',
  '2025-03-03 09:14:00,a,reopened,,,,,,,,,,not solved,,,,,',
  '2025-03-03 09:15:00,a,severity,,,,,A2,,,,,worse,1,1,,,',
  '2025-03-03 09:16:00,a,priority,,,,,A2,,,,,less,,,B,,',
  '2025-03-03 09:17:00,a,category,,,,,A2,,,,,data,,,,technical_fault/lost_data,',
  '2025-03-03 09:18:00,a,unassigned,,,,,,,,,,,,,,,',
  '2025-03-03 09:19:00,a,routed,,,,operations,,,,,,,,,,,',
  '2025-03-03 09:20:00,a,answered,,,,,,,,,,,,,,,',
  '2025-03-03 09:21:00,a,confirmed,,,,,,,,,,,,,,,',
  '2025-03-03 09:22:00,a,objected,,,,,,,,,,no,,,,,',
  '2025-03-03 09:30:00,b,opened,email,c1,,,,App一打开就闪退,,,,,,,,,',
  '2025-03-03 09:31:00,b,duplicate,,,,,A1,,,,a,the same,,,,,',
  '2025-03-03 09:32:00,b,restored,,,,,A1,,,,,not the same,,,,,',
  '2025-03-03 09:33:00,b,invalid,,,,,A1,,,,,empty,,,,,',
  '2025-03-03 09:40:00,c,opened,email,c2,,,,请问怎么用,,,,,,,,,',
  '2025-03-03 09:41:00,c,answered,,,,,A1,请看说明,,,,,,,,,',
  '2025-03-03 09:42:00,c,rejected,,,,,A1,,,,,nothing was asked for,,,,,',
  '2025-03-03 09:43:00,c,closed,,,,,A1,,,,,long_term_plan_explained,,,,,',
  '2025-03-03 09:50:00,d,opened,hotline,c2,,,,在吗,,,,,,,,,',
  '2025-03-03 09:51:00,d,confirmed,,,,,A1,,,,,,,,,,'), 34::bigint, 'a small log');
SELECT csflow_demo.create_people(:desk, 'small') \g /dev/null
CALL csflow_demo.play(:desk, 'small', '2025-03-03 18:00');
SELECT set_eq('SELECT DISTINCT event FROM csflow_demo.log', 'SELECT event FROM csflow_demo.event_name', 'every event there is');
SELECT is((SELECT array_agg(ticket || ' ' || event || ' ' || left(refusal, 5) ORDER BY ticket) FROM csflow_demo.log WHERE refusal IS NOT NULL),
  '{"c rejected SF006","d confirmed SF006"}'::text[], 'what the flow refuses is noted and stops nothing');
SELECT is((SELECT array_agg((external_id, state, priority, transfer_count, reopen_count)::text ORDER BY external_id) FROM csflow.ticket WHERE source = 'small'),
  '{"(a,under_review,B,2,2)","(b,invalid,A,0,0)","(c,closed,B,0,0)","(d,assigned,B,0,0)"}'::text[], 'each did what it says');
SELECT is((SELECT string_agg(kind, ' ' ORDER BY seq) FROM csflow.event WHERE kind <> 'step_fired' AND ticket_no = csflow_demo.ticket_of(:desk, 'small', 'a')),
  'opened automatic_message assigned state_changed accepted reply state_changed customer_message state_changed note transferred assigned state_changed accepted state_changed state_changed state_changed note state_changed reply answered reopened priority_changed edited priority_changed category_changed unassigned transferred answered closed reopened',
  'in the order of the instants');
SELECT is((SELECT attributes FROM csflow.ticket WHERE source = 'small' AND external_id = 'a'), '{"shop": "north"}', 'a column of one''s own is an attribute');
SELECT is((SELECT array_agg(t.code || ' ' || a.name ORDER BY a.name) FROM csflow.agent AS a JOIN csflow.team AS t USING (desk_id, team_id) WHERE a.name ~ '^A\d$'),
  '{"technical_team A1","new_team A2"}'::text[], 'teams and agents are made where they are missing');
SELECT is((SELECT tier FROM csflow.customer WHERE desk_id = :desk AND external_id = 'c1'), 'vip', 'customers too');
SELECT is((SELECT min(at)::text FROM csflow.event WHERE clock = 'acknowledge' AND kind = 'step_fired'), '2025-03-03 09:51:00+08',
  'D6: a step due at 45 seconds fires with the sweep of the next full minute');

-- A week, made small
SELECT csflow_demo.prepare('at,ticket,event,channel,customer,customer_tier,team,agent,actor,title,body,amount,priority,category,milestone,next_news_at,original,reason') AS layout \gset
\copy csflow_demo.raw (at, ticket, event, channel, customer, customer_tier, team, agent, actor, title, body, amount, priority, category, milestone, next_news_at, original, reason) FROM PROGRAM 'perl test/demo/generate.pl 2025-03-10 120' WITH (FORMAT csv, HEADER)
SELECT csflow_demo.load('week', :desk) AS loaded \gset
SELECT csflow_demo.create_people(:desk, 'week') \g /dev/null
CALL csflow_demo.play(:desk, 'week', '2025-03-17');
SELECT is((SELECT min(row_no || ' ' || event || ' ' || refusal) FROM csflow_demo.log WHERE source = 'week'), NULL, 'the generated week: nothing is refused');
SELECT is((SELECT count(*) FROM csflow.ticket WHERE source = 'week'), 120::bigint, 'as many tickets as asked for');
SELECT is((SELECT count(DISTINCT channel) FROM csflow.ticket WHERE source = 'week'), 8::bigint, 'A1: all channels');
SELECT ok((SELECT count(*) FROM csflow.ticket WHERE source = 'week' AND close_reason = 'no_new_request') > 10, 'F2: closed after 72 hours of silence');
SELECT ok((SELECT bool_and(closed_at >= answered_at + interval '72 hours' AND closed_at <= answered_at + interval '72 hours 5 minutes')
  FROM csflow.ticket WHERE source = 'week' AND close_reason = 'no_new_request'), 'F2: by the next run of the job');
SELECT ok((SELECT count(DISTINCT old_value) FROM csflow.event WHERE kind = 'step_fired') = 3, 'D6: warnings, breaches, escalations');
SELECT is((SELECT count(*) FROM csflow_demo.spans('week')), 7::bigint, 'shown day by day');
SELECT is(csflow_demo.load('week', :desk), 0::bigint, 'I1: loaded again, nothing is to be played');
SELECT is(csflow_demo.cut('退款400元没有到账，请处理', 11), '退款400元…', 'Chinese characters take two columns');
SELECT is(csflow_demo.cut('退款400元', 9), '退款400元', 'what fits is left');
SELECT * FROM finish();
