-- Targets as rows: each condition by itself, the most specific of several, any number of clocks on a ticket; a change of any fact
-- keeps what was used; how clocks without a length show. Handbook A2, B3, B5, D6, D9, H4; design 2.2.
\ir ../lib/small_desk.sql
SELECT no_plan();
DELETE FROM target WHERE desk_id = :desk;
CREATE FUNCTION opened(body text, channel text, priority csflow.priority, customer_tier text DEFAULT NULL, handling_tier integer DEFAULT NULL, complexity text DEFAULT NULL) RETURNS ticket_no LANGUAGE sql AS $$
  INSERT INTO csflow.ticket (desk_id, channel, body, priority, customer_tier, handling_tier, complexity, opened_at)
  VALUES (csflow.desk_id('small'), channel, body, priority, customer_tier, handling_tier, complexity, '2025-03-03 09:00') RETURNING ticket_no
$$;
CREATE FUNCTION dues(no ticket_no, wanted text) RETURNS text LANGUAGE sql STABLE AS
  $$SELECT string_agg(substr(clock, 4) || ' ' || to_char(due_at, 'HH24:MI'), ', ' ORDER BY clock) FROM csflow.clock WHERE ticket_no = no AND clock LIKE wanted$$;

-- Each condition: a clock of 10 hours for everybody and of 1 hour where it holds
CREATE TABLE condition (name text, value text);
INSERT INTO condition VALUES ('kind', 'fault'), ('category_id', '3'), ('priority', 'A'), ('channel', 'live_chat'), ('channel_class', 'instant'), ('customer_tier', 'vip'), ('handling_tier', '2'), ('complexity', 'complex');
INSERT INTO target (desk_id, clock, duration, calendar, stops_on) SELECT :desk, 'by_' || name, '10 hours', 'around_the_clock', '{answered}' FROM condition;
SELECT format('INSERT INTO csflow.target (desk_id, clock, duration, calendar, stops_on, %I) VALUES (%s, %L, %L, %L, %L, %L)', name, :desk, 'by_' || name, '1 hour', 'around_the_clock', '{answered}', value) FROM condition \gexec
SELECT opened('闪退', 'live_chat', 'A', 'vip', 2, 'complex') AS special, opened('怎么用', 'email', 'B', 'standard', 1, 'simple') AS plain, opened('怎么用', 'email', 'B') AS bare \gset
SELECT string_agg(name || ' 10:00', ', ' ORDER BY name) AS short, string_agg(name || ' 19:00', ', ' ORDER BY name) AS long FROM condition \gset
SELECT is(dues(:'special', 'by%'), :'short', 'H4: kind, category, priority, channel, its class, customer and handling tier, complexity: each where it holds');
SELECT is(dues(:'plain', 'by%'), :'long', 'H4: and not where another does');
SELECT is(dues(:'bare', 'by%'), :'long', 'H4: nor where nothing is known');

-- Any of them changes: the time used stays used
UPDATE ticket SET kind = 'fault', category_id = 3, priority = 'A', channel = 'live_chat', customer_tier = 'vip', handling_tier = 2, complexity = 'complex', changed_at = '2025-03-03 09:30', change_reason = 'so' WHERE ticket_no = :'plain';
SELECT is(dues(:'plain', 'by%'), :'short', 'B7: half an hour used, half an hour left of each');
UPDATE ticket SET kind = 'inquiry', category_id = 2, priority = 'B', channel = 'email', customer_tier = 'standard', handling_tier = 1, complexity = 'simple', changed_at = '2025-03-03 09:45', change_reason = 'so' WHERE ticket_no = :'plain';
SELECT is(dues(:'plain', 'by%'), :'long', 'B7: and back: as if nothing had been');
SELECT is((SELECT array_agg(DISTINCT (run, spent_microseconds / 60000000)::text) FROM clock WHERE ticket_no = :'plain'), '{"(1,45)"}', 'B7: 45 minutes of one run');

-- The most specific wins
INSERT INTO target (desk_id, clock, duration, calendar, priority, channel, complexity, customer_tier, is_exempt) VALUES
  (:desk, 'mixed', '10 hours', 'around_the_clock', NULL, NULL, NULL, NULL, false), (:desk, 'mixed', '5 hours', 'around_the_clock', 'A', NULL, NULL, NULL, false),
  (:desk, 'mixed', '2 hours', 'around_the_clock', 'A', 'live_chat', NULL, NULL, false), (:desk, 'mixed', '1 hour', 'around_the_clock', 'A', 'live_chat', 'complex', NULL, false),
  (:desk, 'mixed', NULL, 'around_the_clock', 'A', 'live_chat', 'complex', 'vip', true);
CREATE TABLE met AS SELECT n, no FROM unnest(ARRAY[opened('x', 'live_chat', 'B', 'vip', NULL, 'complex'), opened('x', 'email', 'A', 'vip'), opened('x', 'live_chat', 'A', 'vip'),
  opened('x', 'live_chat', 'A', NULL, NULL, 'complex'), opened('x', 'live_chat', 'A', 'vip', NULL, 'complex')]) WITH ORDINALITY AS o (no, n);
SELECT is((SELECT array_agg(dues(no, 'mixed') ORDER BY n) FROM met), '{"ed 19:00","ed 14:00","ed 11:00","ed 10:00",NULL}', 'B3: 10 hours, A 5, A on live chat 2, complex there 1, and for VIP there none');
SELECT throws_ok(format($$INSERT INTO csflow.target (desk_id, clock, duration, calendar, channel, customer_tier) VALUES (%s, 'mixed', '3 hours', 'around_the_clock', 'live_chat', 'vip')$$, :desk), 'SF012', NULL,
  'H4: two that may meet and are equally specific are refused');

INSERT INTO target (desk_id, target_id, clock, duration, calendar, channel, customer_tier, is_active) VALUES (:desk, 4999, 'mixed', '3 hours', 'around_the_clock', 'live_chat', 'vip', false);
SELECT throws_ok(format('UPDATE csflow.target SET is_active = true WHERE desk_id = %s AND target_id = 4999', :desk), 'SF012', NULL, 'H4: out of use it may stand, but not come into use');

-- Two that could not meet when they were written: the older counts.
INSERT INTO target (desk_id, target_id, clock, duration, calendar, channel, channel_class) VALUES (:desk, 4001, 'met', '2 hours', 'around_the_clock', NULL, 'instant'), (:desk, 4002, 'met', '1 hour', 'around_the_clock', 'email', NULL);
UPDATE channel SET is_instant = true WHERE desk_id = :desk AND channel = 'email';
SELECT opened('x', 'email', 'B') AS both \gset
SELECT is((SELECT target_id FROM clock WHERE ticket_no = :'both' AND clock = 'met'), 4001::bigint, '2.2: a channel of another class: of two equally specific the older counts');

-- Any number of clocks, each step once and in order
INSERT INTO target (desk_id, target_id, clock, duration, calendar, stops_on) SELECT :desk, 5000 + n, 'many_' || n, n * interval '1 minute', 'around_the_clock', '{answered}' FROM generate_series(1, 300) AS n;
INSERT INTO step (desk_id, target_id, position, at_share_pct, level, action, recipients) SELECT :desk, 5000 + n, 1, 100, 'breach', 'notify', '{owner}' FROM generate_series(1, 300) AS n;
SELECT opened('x', 'email', 'B') AS busy \gset
SELECT is((SELECT count(*) FROM clock WHERE ticket_no = :'busy' AND clock LIKE 'many%'), 300::bigint, '2.2: 300 clocks on one ticket');
SELECT is((SELECT fire_steps(:desk, '2025-03-03 11:30', 1000, false, :'busy')), 150, 'D6: one sweep fires what is due of them');
SELECT is((SELECT array_agg(clock ORDER BY seq) = (SELECT array_agg('many_' || n ORDER BY n) FROM generate_series(1, 150) AS n) FROM event WHERE ticket_no = :'busy' AND kind = 'step_fired'), true, 'D6: in the order in which it was due');
SELECT answer(:desk, :'busy', '好了', at => '2025-03-03 11:30') AS answered \gset
SELECT is((SELECT (count(*) FILTER (WHERE outcome = 'met'), count(*) FILTER (WHERE outcome = 'breached'))::text FROM clock WHERE ticket_no = :'busy' AND clock LIKE 'many%'), '(151,149)', '2.2: one answer stops them all, each judged by its own instant');

-- D6, D9: what has no length has no share and nothing left, and is neither late nor met
INSERT INTO target (desk_id, clock, due_from, mode, calendar, starts_on, stops_on, pauses_in) VALUES
  (:desk, 'measured', 'none', 'once', 'around_the_clock', '{opened}', '{answered}', '{waiting_customer}'), (:desk, 'undated', 'named', 'each', 'around_the_clock', '{opened}', '{answered}', '{}');
SELECT opened('x', 'email', 'B') AS free \gset
CREATE FUNCTION shown(no ticket_no, at timestamptz) RETURNS SETOF text LANGUAGE sql STABLE AS
  $$SELECT concat_ws(' ', clock, status, spent, length, remaining, share_pct, paused, CASE WHEN is_breached THEN 'late' END) FROM csflow.clock_status_at(csflow.desk_id('small'), at) WHERE ticket_no = no AND clock IN ('measured', 'undated') ORDER BY clock$$;
SELECT results_eq(format('SELECT shown(%L, %L)', :'free', '2025-03-03 12:00'), '{measured running 03:00:00 00:00:00,undated running 03:00:00 00:00:00}'::text[], 'D6: without a length there is time spent, no share and nothing left');
SELECT accept(:desk, :'free', at => '2025-03-03 12:00'), wait_for_customer(:desk, :'free', at => '2025-03-03 13:00') \g /dev/null
SELECT results_eq(format('SELECT shown(%L, %L)', :'free', '2025-03-03 15:00'), '{measured paused 04:00:00 02:00:00,undated running 06:00:00 00:00:00}'::text[], 'D9: it may pause');
SELECT answer(:desk, :'free', '好了', at => '2025-03-03 15:00') AS answered \gset
SELECT results_eq(format('SELECT shown(%L, %L)', :'free', '2025-03-04 15:00'), '{measured measured 04:00:00 02:00:00,undated measured 06:00:00 00:00:00}'::text[], 'D6: and is measured in the end');
SELECT is((SELECT count(*) FROM clock_status WHERE num_nulls(status, is_breached, spent, paused, own_time, customer_waiting, partner_waiting) > 0), 0::bigint, 'D6: what everybody asks for is never NULL');
SELECT * FROM finish();
