-- The surge watch. Handbook G3, H3.
\ir ../lib/small_desk.sql
SELECT no_plan();
INSERT INTO category (desk_id, category_id, parent_id, code, caption_zh, caption_en) VALUES (:desk, 4, 1, 'slow', '卡顿', 'slow');
UPDATE desk SET surge_minimum = 13, surge_guard = 'none' WHERE desk_id = :desk;
CREATE FUNCTION came(desk bigint, category bigint, n integer, at timestamptz, state text DEFAULT 'new') RETURNS void LANGUAGE sql
  AS $$INSERT INTO csflow.ticket (desk_id, channel, body, category_id, opened_at, state) SELECT desk, 'email', 'x', category, at + i * interval '1 minute', state FROM generate_series(0, n - 1) i$$;
-- What a pass sees: it refreshes the figures first.
CREATE FUNCTION counts(desk bigint, instant timestamptz, OUT category_id bigint, OUT now_count bigint, OUT base_count bigint, OUT last_week_count bigint, OUT working_day_count bigint, OUT working_day_base_count bigint,
  OUT growth_pct float8, OUT is_surge boolean, OUT counted_to timestamptz, OUT is_complete boolean) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
  PERFORM csflow.refresh_desk_health(desk, instant, 10000);
  RETURN QUERY SELECT * FROM csflow.surge_counts(desk, instant);
END $$;
CREATE FUNCTION story(desk bigint) RETURNS SETOF text LANGUAGE sql STABLE AS $$
  SELECT format('%s %s-%s base %s start %s peak %s at %s', category_id, to_char(started_at, 'DD HH24'), to_char(ended_at, 'DD HH24'), base_count, start_count, peak_count, to_char(peak_at, 'DD HH24')) FROM csflow.surge WHERE desk_id = desk ORDER BY started_at, category_id $$;

SELECT is(find_surges(:desk, '2025-03-05 12:00'), 0, 'G3: no tickets, no surge');
SELECT came(:desk, 3, 10, '2025-03-04 09:00') \g /dev/null
SELECT came(:desk, 3, 12, '2025-03-05 09:00') \g /dev/null
SELECT is_empty(format($$SELECT * FROM counts(%s, '2025-03-05 12:00') WHERE is_surge$$, :desk), 'G3: 20 % more is none');
SELECT came(:desk, 3, 1, '2025-03-05 10:00') \g /dev/null
SELECT results_eq(format($$SELECT category_id, now_count, base_count, last_week_count, growth_pct, is_surge FROM counts(%s, '2025-03-05 12:00')$$, :desk), $$VALUES (3::bigint, 13::bigint, 10::bigint, NULL::bigint, 30::float8, false)$$, 'G3: 30 % more is not more than 30 %');
SELECT came(:desk, 3, 1, '2025-03-05 10:30') \g /dev/null
SELECT is((SELECT is_surge FROM counts(:desk, '2025-03-05 12:00')), true, 'G3: 40 % is');
UPDATE desk SET surge_minimum = 15 WHERE desk_id = :desk;
SELECT is((SELECT is_surge FROM counts(:desk, '2025-03-05 12:00')), false, 'G3: fewer than the minimum are none');
UPDATE desk SET surge_minimum = 0 WHERE desk_id = :desk;
SELECT is((SELECT is_surge FROM counts(:desk, '2025-03-05 12:00')), false, 'G3: minimum 0: none is looked for');
SELECT is(surge_watch_batch('2025-03-05 12:00'), 0, 'G3: nor by the job');
UPDATE desk SET surge_minimum = 14, surge_growth_pct = 40 WHERE desk_id = :desk;
SELECT is((SELECT is_surge FROM counts(:desk, '2025-03-05 12:00')), false, 'G3: the threshold is a setting');
UPDATE desk SET surge_growth_pct = 30 WHERE desk_id = :desk;
SELECT came(:desk, 4, 40, '2025-03-05 09:00', 'invalid') \g /dev/null
SELECT is((SELECT count(*) FROM counts(:desk, '2025-03-05 12:00')), 1::bigint, 'G3: invalid tickets do not count');

-- the edges of the two days
SELECT results_eq(format($$SELECT name, since, until FROM surge_windows(%s, '2025-03-05 12:00')$$, :desk), $$VALUES ('now', '2025-03-04 12:00'::timestamptz, '2025-03-05 12:00'::timestamptz), ('before', '2025-03-03 12:00', '2025-03-04 12:00')$$, 'G3: the same hours of the day before');

SELECT results_eq(format($$SELECT name, since, until FROM surge_windows(%s, '2025-03-05 12:59:59.999999') WHERE name = 'now'$$, :desk), $$VALUES ('now', '2025-03-04 12:00'::timestamptz, '2025-03-05 12:00'::timestamptz)$$, 'G3: of whole hours, as the reports have them');
SELECT is((SELECT (now_count, growth_pct, is_surge, is_complete)::text FROM surge_counts(:desk, '2025-03-05 13:00')), '(14,,f,f)', 'kpi: no growth over hours that are not complete, and no alarm');
SELECT is_empty(format('SELECT * FROM surge WHERE desk_id = %s', :desk), 'G3: nothing found so far');

-- one investigation an episode
SELECT is(surge_watch_batch('2025-03-05 12:00'), 1, 'G3: found');
SELECT is(surge_watch_batch('2025-03-05 12:00'), 0, 'G3: once');
SELECT investigation_no AS inv FROM surge WHERE desk_id = :desk \gset
SELECT is((SELECT (source, category_id, kind, priority, team_id, opened_at, changed_by_kind, title, body)::text FROM ticket WHERE ticket_no = :'inv'),
  ('surge', 3, 'fault', 'A'::priority, 2, '2025-03-05 12:00'::timestamptz, 'system', 'Surge: 闪退 crash', '14 tickets in the 24 hours up to 2025-03-05 12:00, 10 in the 24 hours before.')::text, 'G3: an investigation is opened, at the department of the category');
SELECT results_eq(format('SELECT topic, recipient_kind, recipient_id, payload - ''counted_to'' FROM outbox WHERE ticket_no = %L AND topic = %L ORDER BY 2', :'inv', 'surge'), $$VALUES ('surge', 'agent', 91::bigint, '{"now_count": 14, "base_count": 10, "category_id": 3}'::jsonb), ('surge', 'team', 2, '{"now_count": 14, "base_count": 10, "category_id": 3}')$$, 'G3: department and supervisor are told');
SELECT came(:desk, 3, 30, '2025-03-05 12:01') \g /dev/null
SELECT is(surge_watch_batch('2025-03-05 14:00'), 0, 'G3: more of it is the same episode');
SELECT results_eq(format('SELECT * FROM story(%s)', :desk), ARRAY['3 05 12- base 10 start 14 peak 45 at 05 14'], 'G3: with its peak; the investigation counts as every ticket does');
SELECT is((SELECT (is_open, start_growth_pct, peak_growth_pct)::text FROM surge WHERE desk_id = :desk), '(t,40,350)', 'G3: growth in percent of the base');
SELECT came(:desk, 3, 12, '2025-03-06 14:00') \g /dev/null
UPDATE desk SET surge_minimum = 10 WHERE desk_id = :desk;
SELECT is(surge_watch_batch('2025-03-06 15:00'), 0, 'G3: 20 % above the base, half the threshold is 15 %: it lasts');
SELECT is((SELECT (last_count, peak_count)::text FROM surge WHERE desk_id = :desk), '(12,45)', 'G3: followed');
SELECT is(find_surges(:desk, '2025-03-07 15:02'), 1, 'G3: over');
SELECT results_eq(format('SELECT * FROM story(%s)', :desk), ARRAY['3 05 12-07 15 base 10 start 14 peak 45 at 05 14'], 'G3: start, peak and end');
SELECT is(find_surges(:desk, '2025-03-07 15:02'), 0, 'G3: a second pass finds nothing');
SELECT came(:desk, 3, 30, '2025-03-09 09:00') \g /dev/null
UPDATE channel SET is_active = false WHERE desk_id = :desk;
SELECT is(find_surges(:desk, '2025-03-09 12:00'), 0, 'G3: a desk that takes no tickets any more has no investigations, and fails no pass');
UPDATE channel SET is_active = true WHERE desk_id = :desk;
SELECT is(find_surges(:desk, '2025-03-09 12:00'), 1, 'G3: another episode is another investigation');
SELECT is((SELECT (count(*), count(DISTINCT investigation_no))::text FROM surge WHERE desk_id = :desk), '(2,2)', 'G3: with a ticket of its own');
SELECT is((SELECT (base_count, start_growth_pct)::text FROM surge WHERE desk_id = :desk AND is_open), '(0,)', 'kpi: growth over nothing is NULL, and a surge all the same');
UPDATE desk SET surge_minimum = 0 WHERE desk_id = :desk;
SELECT is(surge_watch_batch('2025-03-09 13:00'), 1, 'G3: switched off, what lasts ends');

-- dirty figures are refreshed before anything is judged
UPDATE desk SET surge_minimum = 10 WHERE desk_id = :desk;
SELECT came(:desk, 3, 90, '2025-03-11 09:00') \g /dev/null
SELECT is((SELECT now_count FROM surge_counts(:desk, '2025-03-11 11:00')), 0::bigint, 'G3: not refreshed yet');
SELECT is(surge_watch_batch('2025-03-11 11:00'), 1, 'G3: a pass refreshes first, and fires');
SELECT is((SELECT (start_count, base_count)::text FROM surge WHERE desk_id = :desk AND is_open), '(90,1)', 'G3: with all tickets, over the investigation of two days ago');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT throws_ok(format('SELECT find_surges(%s)', :desk), '25000', NULL, 'G3: only READ COMMITTED, as the refresh');
ROLLBACK;
UPDATE desk SET surge_minimum = 0 WHERE desk_id = :desk;
SELECT surge_watch_batch('2025-03-11 12:00') \g /dev/null

-- the guard: a busy Monday after a quiet Sunday
SELECT create_desk('monday', NULL) AS monday \gset
INSERT INTO agent (desk_id, agent_id, name, role_name, may_act_for_others) VALUES (:monday, 399, 'application', current_user, true);
INSERT INTO category (desk_id, category_id, code, caption_zh, caption_en) VALUES (:monday, 901, 'usual', '常', 'usual');
INSERT INTO working_calendar (desk_id, code, base) VALUES (:monday, 'office', 'Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00');
SELECT came(:monday, 901, CASE WHEN extract(isodow FROM day) < 6 THEN 60 ELSE 10 END, day + interval '9 hours') FROM generate_series('2025-02-17'::timestamptz, '2025-03-09', '1 day') day \g /dev/null
SELECT came(:monday, 901, 60, '2025-03-10 09:00') \g /dev/null
UPDATE desk SET surge_guard = 'none' WHERE desk_id = :monday;
SELECT is((SELECT (now_count, base_count, growth_pct, is_surge)::text FROM counts(:monday, '2025-03-10 12:00')), '(60,10,500,t)', 'G3: without a guard Monday is a surge over Sunday');
UPDATE desk SET surge_guard = 'same_weekday' WHERE desk_id = :monday;
SELECT is((SELECT (now_count, base_count, last_week_count, is_surge)::text FROM counts(:monday, '2025-03-10 12:00')), '(60,10,60,f)', 'G3: same_weekday: it is not, last Monday was the same');
SELECT came(:monday, 901, 18, '2025-03-10 11:00') \g /dev/null
SELECT is((SELECT is_surge FROM counts(:monday, '2025-03-10 12:00')), false, 'G3: nor with 30 % more than last Monday');
SELECT came(:monday, 901, 1, '2025-03-10 11:30') \g /dev/null
SELECT is((SELECT is_surge FROM counts(:monday, '2025-03-10 12:00')), true, 'G3: with more than that it is');
UPDATE desk SET surge_guard = 'working_hours', shift_calendar = 'office' WHERE desk_id = :monday;
SELECT results_eq(format($$SELECT name, since, until FROM surge_windows(%s, '2025-03-10 12:00')$$, :monday), $$VALUES ('now', '2025-03-09 12:00'::timestamptz, '2025-03-10 12:00'::timestamptz), ('before', '2025-03-08 12:00', '2025-03-09 12:00'), ('working_day', '2025-03-07 12:00', '2025-03-10 12:00'), ('working_day_before', '2025-03-06 12:00', '2025-03-07 12:00')$$, 'G3: working_hours: also the last working day and the one before it');
SELECT is((SELECT (now_count, base_count, working_day_count, working_day_base_count, is_surge)::text FROM counts(:monday, '2025-03-10 12:00')), '(79,10,79,60,t)', 'G3: weekend tickets are left out on both sides of the working day');
UPDATE desk SET surge_growth_pct = 32 WHERE desk_id = :monday;
SELECT is((SELECT is_surge FROM counts(:monday, '2025-03-10 12:00')), false, 'G3: 79 is not 32 % more than 60');
UPDATE desk SET surge_guard = 'same_weekday', surge_growth_pct = 30 WHERE desk_id = :monday;
SELECT is((SELECT last_week_count FROM counts(:monday, '2025-02-18 12:00')), NULL, 'G3: a desk that was not there a week ago is compared with yesterday alone');
SELECT throws_ok(format('UPDATE csflow.desk SET %s WHERE desk_id = %s', s, :monday), state, NULL, 'H4: refused: ' || s) FROM (VALUES ('surge_growth_pct = 0', '23514'), ('surge_growth_pct = ''NaN''', '23514'), ('surge_minimum = -1', '23514'), ('surge_guard = ''x''', '23514'), ('shift_calendar = ''moon''', 'SF005')) v (s, state);

-- H3: the job
CALL run_surge_watch('2025-03-10 12:00');
SELECT results_eq($$SELECT job, rows, errors, error_code FROM job_run WHERE job = 'surge_watch'$$, $$VALUES ('surge_watch', 1::bigint, 0::bigint, NULL::text)$$, 'H3: run_surge_watch, noted in job_run');
SELECT is((SELECT command FROM wanted_jobs() WHERE job = 'surge_watch'), 'CALL csflow.run_surge_watch()', 'H3: one of the jobs');
SELECT results_eq(format('SELECT * FROM story(%s)', :monday), ARRAY['901 10 12- base 10 start 79 peak 79 at 10 12'], 'G3: found by the job');

-- the cost does not depend on the history: only the hours of the last days are read
SELECT refresh_health_batch('2025-03-10 12:00', 100000) \g /dev/null
ANALYZE health_hour;
CREATE FUNCTION reads(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE plan jsonb; BEGIN EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT json, TIMING off) ' || query INTO plan; RETURN (plan #>> '{0,Plan,Shared Hit Blocks}')::bigint + (plan #>> '{0,Plan,Shared Read Blocks}')::bigint; END $$;
SELECT reads(format('SELECT * FROM csflow.surge_counts(%s, ''2025-03-10 12:00'')', :monday)) AS few \gset
INSERT INTO health_hour (desk_id, cut, bucket_start, value, measure, event_count) SELECT :monday, 'category', '2024-01-01'::timestamptz + i * interval '1 hour', '901', 'opened', 1 FROM generate_series(1, 8000) i;
ANALYZE health_hour;
SELECT cmp_ok(reads(format('SELECT * FROM csflow.surge_counts(%s, ''2025-03-10 12:00'')', :monday)), '<', :few + 60::bigint, 'G3: a pass reads the hours of a few days, not the history');
DELETE FROM health_hour WHERE bucket_start < '2025-01-01';

-- the number that fired is the number in the report: random days of four categories, passes at random instants, every episode
-- against the score-cards, the hours, the days and a count of the tickets one by one
SELECT setseed(0.31) \g /dev/null
SELECT diag('seed 0.31');
SELECT create_desk('alarm', NULL) AS alarm \gset
INSERT INTO agent (desk_id, agent_id, name, role_name, may_act_for_others) VALUES (:alarm, 499, 'application', current_user, true);
INSERT INTO category (desk_id, category_id, code, caption_zh, caption_en) SELECT :alarm, 950 + i, 'c' || i, '类' || i, 'class ' || i FROM generate_series(1, 4) i;
UPDATE desk SET surge_minimum = 5, zone = 'Asia/Kolkata' WHERE desk_id = :alarm;
CREATE TABLE agreed (category_id bigint, started_at timestamptz, episode text, shown text, card text, hours text, days text, slow text);
CREATE PROCEDURE watched(desk bigint) LANGUAGE plpgsql AS $$
DECLARE
  at timestamptz := '2025-03-03 00:00+05:30';
  pass timestamptz;
BEGIN
  WHILE at < '2025-03-17' LOOP
    INSERT INTO csflow.ticket (desk_id, channel, body, category_id, opened_at, state)
    SELECT desk, 'email', 'x', 950 + c, x.at, CASE WHEN random() < 0.1 THEN 'invalid' ELSE 'new' END
    FROM generate_series(1, 4) c, LATERAL (SELECT at + random() * interval '8 hours' AS at FROM generate_series(1, floor(random() ^ 3 * 14 * c)::integer)) x ORDER BY x.at;
    UPDATE csflow.ticket t SET category_id = 951 + floor(random() * 4)::bigint, changed_at = greatest(at + interval '8 hours', t.changed_at), change_reason = 'so'
    WHERE t.desk_id = desk AND t.state = 'new' AND random() < 0.03;
    at := at + interval '8 hours';
    pass := at + floor(random() * 3) * interval '7 minutes';
    PERFORM csflow.find_surges(desk, pass);
    INSERT INTO agreed SELECT e.category_id, e.started_at, format('%s %s', e.start_count, e.base_count), format('%s %s %s %s', s.start_count, s.base_count, s.last_count, s.peak_count),
      (SELECT format('%s %s', coalesce(sum(b.event_count) FILTER (WHERE d = 0), 0), coalesce(sum(b.event_count) FILTER (WHERE d = 1), 0)) FROM generate_series(0, 1) d,
        csflow.health_between(desk, s.counted_from - d * interval '24 hours', s.counted_to - d * interval '24 hours', 'category') b WHERE b.measure = 'opened' AND b.cut_value = e.category_id::text),
      (SELECT format('%s %s', coalesce(sum(h.event_count) FILTER (WHERE h.bucket_start >= s.counted_from), 0), coalesce(sum(h.event_count) FILTER (WHERE h.bucket_start < s.counted_from), 0)) FROM csflow.health_hour h
        WHERE h.desk_id = desk AND h.cut = 'category' AND h.value = e.category_id::text AND h.measure = 'opened' AND h.bucket_start >= s.counted_from - interval '24 hours' AND h.bucket_start < s.counted_to),
      -- whole days where the alarm fell on midnight
      CASE WHEN (s.counted_to AT TIME ZONE 'Asia/Kolkata')::time = '00:00' THEN (SELECT format('%s %s', sum(h.opened_count_by_created) FILTER (WHERE h.bucket_end = s.counted_to), coalesce(sum(h.opened_count_by_created) FILTER (WHERE h.bucket_end = s.counted_from), 0))
        FROM csflow.health_daily h WHERE h.desk_id = desk AND h.cut = 'category' AND h.value = e.category_id::text) END,
      (SELECT format('%s %s', count(*) FILTER (WHERE t.opened_at >= s.counted_from), count(*) FILTER (WHERE t.opened_at < s.counted_from)) FROM csflow.ticket t
        WHERE t.desk_id = desk AND t.category_id = e.category_id AND t.state <> 'invalid' AND t.opened_at >= s.counted_from - interval '24 hours' AND t.opened_at < s.counted_to)
    FROM csflow.surge_episode e JOIN csflow.surge s USING (desk_id, category_id, started_at) WHERE e.desk_id = desk AND e.started_at = pass;
  END LOOP;
END $$;
CALL watched(:alarm);
SELECT cmp_ok((SELECT count(*) FROM agreed), '>=', 8::bigint, 'G3: several alarms: ' || (SELECT count(*) FROM agreed));
SELECT is_empty('SELECT * FROM agreed WHERE episode <> card OR episode <> hours OR episode <> days OR episode <> slow OR shown <> concat_ws('' '', episode, split_part(episode, '' '', 1), split_part(episode, '' '', 1))', 'G3: the number that fired is the number in the episode, the view, the score-card, the hours, the days and the tickets');
SELECT cmp_ok((SELECT count(days) FROM agreed), '>', 0::bigint, 'G3: also of whole days');
-- every column of surge_counts, at the end, by counting tickets
SELECT is_empty(format($$SELECT c.*, o.* FROM surge_counts(%1$s, '2025-03-16 21:44') c
  FULL JOIN (SELECT t.category_id, count(*) FILTER (WHERE t.opened_at >= h.hour - interval '24 hours') AS present, count(*) FILTER (WHERE t.opened_at >= h.hour - interval '48 hours' AND t.opened_at < h.hour - interval '24 hours') AS base,
      count(*) FILTER (WHERE t.opened_at >= h.hour - interval '192 hours' AND t.opened_at < h.hour - interval '168 hours') AS week
    FROM ticket t, (SELECT '2025-03-16 19:00+05:30'::timestamptz) h (hour) WHERE t.desk_id = %1$s AND t.state <> 'invalid' AND t.opened_at < h.hour GROUP BY 1) o USING (category_id)
  WHERE (c.now_count, c.base_count, c.last_week_count) IS DISTINCT FROM (o.present, o.base, o.week) AND (c.category_id IS NOT NULL OR o.present + o.base + o.week > 0)
    OR c.growth_pct IS DISTINCT FROM 100 * (o.present - o.base)::float8 / nullif(o.base, 0)
    OR c.is_surge IS DISTINCT FROM (o.present >= 5 AND o.present > 1.3 * o.base AND o.present > 1.3 * o.week)$$, :alarm), 'G3: surge_counts, every column, by counting tickets');

SELECT finish();
