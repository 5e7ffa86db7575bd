-- The surge watch. Handbook G3, H3.
\ir ../lib/small_desk.sql
SELECT no_plan();
INSERT INTO category (desk_id, category_id, parent_id, code, caption_zh, caption_en) VALUES (:desk, 4, 1, 'slow', '卡顿', 'slow');
UPDATE desk SET surge_minimum = 13, surge_guard = 'none' WHERE desk_id = :desk;
CREATE FUNCTION came(desk bigint, category bigint, n integer, at timestamptz, state text DEFAULT 'new') RETURNS void LANGUAGE sql
  AS $$INSERT INTO csflow.ticket (desk_id, channel, body, category_id, opened_at, state) SELECT desk, 'email', 'x', category, at + i * interval '1 minute', state FROM generate_series(0, n - 1) i$$;
CREATE FUNCTION story(desk bigint) RETURNS SETOF text LANGUAGE sql STABLE AS $$
  SELECT format('%s %s-%s base %s start %s peak %s at %s', category_id, to_char(started_at, 'DD HH24'), to_char(ended_at, 'DD HH24'), base_count, start_count, peak_count, to_char(peak_at, 'DD HH24')) FROM csflow.surge WHERE desk_id = desk ORDER BY started_at, category_id $$;

SELECT is(find_surges(:desk, '2025-03-05 12:00'), 0, 'G3: no tickets, no surge');
SELECT came(:desk, 3, 10, '2025-03-04 09:00') \g /dev/null
SELECT came(:desk, 3, 12, '2025-03-05 09:00') \g /dev/null
SELECT is_empty(format($$SELECT * FROM surge_counts(%s, '2025-03-05 12:00') WHERE is_surge$$, :desk), 'G3: 20 % more is none');
SELECT came(:desk, 3, 1, '2025-03-05 10:00') \g /dev/null
SELECT results_eq(format($$SELECT category_id, now_count, base_count, last_week_count, growth_pct, is_surge FROM surge_counts(%s, '2025-03-05 12:00')$$, :desk), $$VALUES (3::bigint, 13::bigint, 10::bigint, NULL::bigint, 30::float8, false)$$, 'G3: 30 % more is not more than 30 %');
SELECT came(:desk, 3, 1, '2025-03-05 10:30') \g /dev/null
SELECT is((SELECT is_surge FROM surge_counts(:desk, '2025-03-05 12:00')), true, 'G3: 40 % is');
UPDATE desk SET surge_minimum = 15 WHERE desk_id = :desk;
SELECT is((SELECT is_surge FROM surge_counts(:desk, '2025-03-05 12:00')), false, 'G3: fewer than the minimum are none');
UPDATE desk SET surge_minimum = 0 WHERE desk_id = :desk;
SELECT is((SELECT is_surge FROM surge_counts(:desk, '2025-03-05 12:00')), false, 'G3: minimum 0: none is looked for');
SELECT is(surge_watch_batch('2025-03-05 12:00'), 0, 'G3: nor by the job');
UPDATE desk SET surge_minimum = 14, surge_growth_pct = 40 WHERE desk_id = :desk;
SELECT is((SELECT is_surge FROM surge_counts(:desk, '2025-03-05 12:00')), false, 'G3: the threshold is a setting');
UPDATE desk SET surge_growth_pct = 30 WHERE desk_id = :desk;
SELECT came(:desk, 4, 40, '2025-03-05 09:00', 'invalid') \g /dev/null
SELECT is((SELECT count(*) FROM surge_counts(:desk, '2025-03-05 12:00')), 1::bigint, 'G3: invalid tickets do not count');

-- the edges of the two days
SELECT results_eq(format($$SELECT name, after, until FROM surge_windows(%s, '2025-03-05 12:00')$$, :desk), $$VALUES ('now', '2025-03-04 12:00'::timestamptz, '2025-03-05 12:00'::timestamptz), ('before', '2025-03-03 12:00', '2025-03-04 12:00')$$, 'G3: the same hours of the day before');

-- one investigation an episode
SELECT is(surge_watch_batch('2025-03-05 12:00'), 1, 'G3: found');
SELECT is(surge_watch_batch('2025-03-05 12:00'), 0, 'G3: once');
SELECT investigation_no AS inv FROM surge WHERE desk_id = :desk \gset
SELECT is((SELECT (source, category_id, kind, priority, team_id, opened_at, changed_by_kind, title, body)::text FROM ticket WHERE ticket_no = :'inv'),
  ('surge', 3, 'fault', 'A'::priority, 2, '2025-03-05 12:00'::timestamptz, 'system', 'Surge: 闪退 crash', '14 tickets in the last 24 hours, 10 in the same hours before.')::text, 'G3: an investigation is opened, at the department of the category');
SELECT results_eq(format('SELECT topic, recipient_kind, recipient_id, payload FROM outbox WHERE ticket_no = %L AND topic = %L ORDER BY 2', :'inv', 'surge'), $$VALUES ('surge', 'agent', 91::bigint, '{"now_count": 14, "base_count": 10, "category_id": 3}'::jsonb), ('surge', 'team', 2, '{"now_count": 14, "base_count": 10, "category_id": 3}')$$, 'G3: department and supervisor are told');
SELECT came(:desk, 3, 30, '2025-03-05 12:01') \g /dev/null
SELECT is(surge_watch_batch('2025-03-05 14:00'), 0, 'G3: more of it is the same episode');
SELECT results_eq(format('SELECT * FROM story(%s)', :desk), ARRAY['3 05 12- base 10 start 14 peak 44 at 05 14'], 'G3: with its peak, the investigation itself not counted');
SELECT is((SELECT (is_open, start_growth_pct, peak_growth_pct)::text FROM surge WHERE desk_id = :desk), '(t,40,340)', 'G3: growth in percent of the base');
SELECT came(:desk, 3, 12, '2025-03-06 14:00') \g /dev/null
UPDATE desk SET surge_minimum = 10 WHERE desk_id = :desk;
SELECT is(surge_watch_batch('2025-03-06 15:00'), 0, 'G3: 20 % above the base, half the threshold is 15 %: it lasts');
SELECT is((SELECT (last_count, peak_count)::text FROM surge WHERE desk_id = :desk), '(12,44)', 'G3: followed');
SELECT is(find_surges(:desk, '2025-03-07 14:02'), 1, 'G3: over');
SELECT results_eq(format('SELECT * FROM story(%s)', :desk), ARRAY['3 05 12-07 14 base 10 start 14 peak 44 at 05 14'], 'G3: start, peak and end');
SELECT is(find_surges(:desk, '2025-03-07 14:02'), 0, 'G3: a second pass finds nothing');
SELECT came(:desk, 3, 30, '2025-03-09 09:00') \g /dev/null
SELECT is(find_surges(:desk, '2025-03-09 12:00'), 1, 'G3: another episode is another investigation');
SELECT is((SELECT (count(*), count(DISTINCT investigation_no))::text FROM surge WHERE desk_id = :desk), '(2,2)', 'G3: with a ticket of its own');
SELECT is((SELECT (base_count, start_growth_pct)::text FROM surge WHERE desk_id = :desk AND is_open), '(0,)', 'kpi: growth over nothing is NULL, and a surge all the same');
UPDATE desk SET surge_minimum = 0 WHERE desk_id = :desk;
SELECT is(surge_watch_batch('2025-03-09 13:00'), 1, 'G3: switched off, what lasts ends');

-- the guard: a busy Monday after a quiet Sunday
SELECT create_desk('monday', NULL) AS monday \gset
INSERT INTO agent (desk_id, agent_id, name, role_name, may_act_for_others) VALUES (:monday, 399, 'application', current_user, true);
INSERT INTO category (desk_id, category_id, code, caption_zh, caption_en) VALUES (:monday, 901, 'usual', '常', 'usual');
INSERT INTO working_calendar (desk_id, code, base) VALUES (:monday, 'office', 'Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00');
SELECT came(:monday, 901, CASE WHEN extract(isodow FROM day) < 6 THEN 60 ELSE 10 END, day + interval '9 hours') FROM generate_series('2025-02-17'::timestamptz, '2025-03-09', '1 day') day \g /dev/null
SELECT came(:monday, 901, 60, '2025-03-10 09:00') \g /dev/null
UPDATE desk SET surge_guard = 'none' WHERE desk_id = :monday;
SELECT is((SELECT (now_count, base_count, growth_pct, is_surge)::text FROM surge_counts(:monday, '2025-03-10 12:00')), '(60,10,500,t)', 'G3: without a guard Monday is a surge over Sunday');
UPDATE desk SET surge_guard = 'same_weekday' WHERE desk_id = :monday;
SELECT is((SELECT (now_count, base_count, last_week_count, is_surge)::text FROM surge_counts(:monday, '2025-03-10 12:00')), '(60,10,60,f)', 'G3: same_weekday: it is not, last Monday was the same');
SELECT came(:monday, 901, 18, '2025-03-10 11:00') \g /dev/null
SELECT is((SELECT is_surge FROM surge_counts(:monday, '2025-03-10 12:00')), false, 'G3: nor with 30 % more than last Monday');
SELECT came(:monday, 901, 1, '2025-03-10 11:30') \g /dev/null
SELECT is((SELECT is_surge FROM surge_counts(:monday, '2025-03-10 12:00')), true, 'G3: with more than that it is');
UPDATE desk SET surge_guard = 'working_hours', shift_calendar = 'office' WHERE desk_id = :monday;
SELECT results_eq(format($$SELECT name, after, until FROM surge_windows(%s, '2025-03-10 12:00')$$, :monday), $$VALUES ('now', '2025-03-07 12:00'::timestamptz, '2025-03-10 12:00'::timestamptz), ('before', '2025-03-06 12:00', '2025-03-07 12:00')$$, 'G3: working_hours: the last working day and the one before it');
SELECT is((SELECT (now_count, base_count, is_surge)::text FROM surge_counts(:monday, '2025-03-10 12:00')), '(79,60,t)', 'G3: weekend tickets are left out on both sides');
UPDATE desk SET surge_growth_pct = 32 WHERE desk_id = :monday;
SELECT is((SELECT is_surge FROM surge_counts(:monday, '2025-03-10 12:00')), false, 'G3: 79 is not 32 % more than 60');
UPDATE desk SET surge_guard = 'same_weekday', surge_growth_pct = 30 WHERE desk_id = :monday;
SELECT is((SELECT last_week_count FROM surge_counts(:monday, '2025-02-18 12:00')), NULL, 'G3: a desk that was not there a week ago is compared with yesterday alone');
SELECT throws_ok(format('UPDATE csflow.desk SET %s WHERE desk_id = %s', s, :monday), state, NULL, 'H4: refused: ' || s) FROM (VALUES ('surge_growth_pct = 0', '23514'), ('surge_growth_pct = ''NaN''', '23514'), ('surge_minimum = -1', '23514'), ('surge_guard = ''x''', '23514'), ('shift_calendar = ''moon''', 'SF005')) v (s, state);

-- H3: the job
CALL run_surge_watch('2025-03-10 12:00');
SELECT results_eq($$SELECT job, rows, errors, error_code FROM job_run WHERE job = 'surge_watch'$$, $$VALUES ('surge_watch', 1::bigint, 0::bigint, NULL::text)$$, 'H3: run_surge_watch, noted in job_run');
SELECT is((SELECT command FROM wanted_jobs() WHERE job = 'surge_watch'), 'CALL csflow.run_surge_watch()', 'H3: one of the jobs');
SELECT results_eq(format('SELECT * FROM story(%s)', :monday), ARRAY['901 10 12- base 10 start 79 peak 79 at 10 12'], 'G3: found by the job');

-- the cost does not depend on the history: only the index of the last days is read
INSERT INTO ticket (desk_id, channel, body, category_id, opened_at) SELECT :monday, 'email', 'x', 901, '2024-01-01'::timestamptz + i * interval '1 minute' FROM generate_series(1, 20000) i;
ANALYZE ticket;
CREATE FUNCTION reads(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE plan jsonb; BEGIN EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT json, TIMING off) ' || query INTO plan; RETURN (plan #>> '{0,Plan,Shared Hit Blocks}')::bigint + (plan #>> '{0,Plan,Shared Read Blocks}')::bigint; END $$;
SELECT cmp_ok(reads(format('SELECT * FROM csflow.surge_counts(%s, ''2025-03-10 12:00'')', :monday)), '<', 300::bigint, 'G3: a pass reads a few days, not the history');

SELECT finish();
