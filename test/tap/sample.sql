-- Weekly samples, periods compared, the register of improvements. Handbook G8, H3.
\ir ../lib/small_desk.sql
SELECT no_plan();
INSERT INTO ticket (desk_id, channel, body, category_id, priority, opened_at) SELECT :desk, 'email', 'x', CASE WHEN i % 3 = 0 THEN 2 ELSE 3 END, (ARRAY['E', 'A', 'B', 'C'])[1 + i % 4]::priority, '2025-03-03 00:00'::timestamptz + i * interval '1 hour' FROM generate_series(-3, 190) i;
SELECT record_survey(:desk, ticket_no, overall => CASE WHEN ticket_no::bigint % 2 = 0 THEN 2 ELSE 5 END, at => '2025-03-20') FROM ticket WHERE ticket_no::bigint % 5 = 0 \g /dev/null

-- G8: stratified by kind, priority and score; reproducible
SELECT is((SELECT count(*) FROM weekly_sample(:desk, '2025-03-03', 1000)), 168::bigint, 'G8: the tickets of Monday to Sunday');
SELECT set_eq(format($$SELECT ticket_no FROM weekly_sample(%s, '2025-03-09', 1000)$$, :desk), format($$SELECT ticket_no FROM ticket WHERE opened_at >= '2025-03-03 00:00' AND opened_at < '2025-03-10 00:00' AND desk_id = %s$$, :desk), 'G8: any day names its week');
SELECT is_empty(format($$SELECT kind, priority, score_band, count(*) FROM weekly_sample(%s, '2025-03-03') GROUP BY 1, 2, 3 HAVING count(*) <> least(2, min(stratum_count)) OR min(stratum_count) <> max(stratum_count)$$, :desk), 'G8: two of each stratum, one where there is one');
SELECT is((SELECT count(DISTINCT (kind, priority, score_band)) FROM weekly_sample(:desk, '2025-03-03')), (SELECT count(DISTINCT (kind, priority, is_low)) FROM ticket LEFT JOIN survey USING (desk_id, ticket_no) WHERE opened_at >= '2025-03-03 00:00' AND opened_at < '2025-03-10 00:00'), 'G8: every stratum there is');
SELECT is((SELECT sum(stratum_count) FROM weekly_sample(:desk, '2025-03-03', 1)), 168::numeric, 'G8: their sizes make the week');
SELECT results_eq(format($$SELECT ticket_no FROM weekly_sample(%s, '2025-03-03') ORDER BY 1$$, :desk), format($$SELECT ticket_no FROM (SELECT ticket_no, row_number() OVER (PARTITION BY kind, priority, is_low ORDER BY encode(sha256(convert_to(desk_id || ' 2025-03-03 ' || ticket_no, 'UTF8')), 'hex')) n FROM ticket LEFT JOIN survey USING (desk_id, ticket_no) WHERE desk_id = %s AND opened_at >= '2025-03-03 00:00' AND opened_at < '2025-03-10 00:00') v WHERE n <= 2 ORDER BY 1$$, :desk), 'G8: by the hash of desk, week and number, as anybody can draw it again');
SELECT isnt_empty(format($$SELECT ticket_no FROM weekly_sample(%s, '2025-03-03', 1) EXCEPT SELECT min(ticket_no) FROM ticket LEFT JOIN survey USING (desk_id, ticket_no) WHERE opened_at >= '2025-03-03 00:00' GROUP BY kind, priority, is_low$$, :desk), 'G8: not simply the first');
SELECT throws_ok(format('SELECT * FROM weekly_sample(%s, %s)', :desk, a), '22023', NULL, 'G8: refused: ' || a) FROM (VALUES ('NULL'), ('''2025-03-03'', -1')) v (a);

-- H3: the job draws each week once
CALL run_weekly_sample('2025-03-12 09:00');
SELECT results_eq($$SELECT (SELECT count(*) FROM sample) = rows AND rows > 0, errors FROM job_run WHERE job = 'weekly_sample'$$, 'VALUES (true, 0::bigint)', 'H3: drawn by the job');
SELECT results_eq(format($$SELECT ticket_no, kind, priority, score_band, stratum_count, place FROM sample WHERE week = '2025-03-03' AND drawn_at = '2025-03-12 09:00' ORDER BY 1$$), format($$SELECT * FROM weekly_sample(%s, '2025-03-03') ORDER BY 1$$, :desk), 'G8: kept as drawn');
SET DateStyle = 'German';
SELECT set_eq(format($$SELECT ticket_no, place FROM weekly_sample(%s, '2025-03-03')$$, :desk), $$SELECT ticket_no, place FROM sample WHERE week = '2025-03-03'$$, 'G8: whatever the DateStyle of who draws it again');
RESET DateStyle;
SELECT mark_invalid(:desk, min(ticket_no), 'a test', agent_id => 11, at => '2025-03-21') FROM sample \g /dev/null
SELECT is(weekly_sample_batch('2025-03-16 23:59'), 0, 'G8: once a week, whatever becomes of the tickets');
SELECT is(weekly_sample_batch('2025-03-17 00:00') > 0, true, 'G8: the next week when it is over');
SELECT open_ticket(:desk, 'email', 'x', at => at) FROM (VALUES ('2025-03-19 09:00'::timestamptz), ('2025-03-26 09:00'), ('2025-04-02 09:00')) v (at) \g /dev/null
SELECT is(weekly_sample_batch('2025-04-07 00:00') > 0, true, 'G8: after weeks without a run');
SELECT is((SELECT array_agg(DISTINCT week ORDER BY week) FROM sample WHERE week > '2025-03-10'), '{2025-03-17,2025-03-24,2025-03-31}'::date[], 'G8: each of them is drawn');
SELECT is(weekly_sample_batch('2026-04-06 00:00'), 0, 'G8: not those of a year ago');
UPDATE desk SET sample_size = 0 WHERE desk_id = :desk;
SELECT is(weekly_sample_batch('2025-03-03 00:00'), 0, 'G8: size 0: none');
UPDATE sample SET reviewed_at = now(), reviewed_by = 91, finding = '话术不清' WHERE ticket_no = (SELECT max(ticket_no) FROM sample);

-- G8: before and after, against figures worked out independently
SELECT create_desk('before_after', NULL) AS cmp \gset
INSERT INTO agent (desk_id, agent_id, name, role_name, may_act_for_others) VALUES (:cmp, 399, 'application', current_user, true);
CREATE TABLE seconds (period integer, s double precision);
INSERT INTO seconds SELECT 1, unnest('{27.5,21.0,19.0,23.6,17.0,17.9,16.9,20.1,21.9,22.6,23.1,19.6,19.0,21.7,21.4}'::float8[]) UNION ALL SELECT 2, unnest('{27.1,22.0,20.8,23.4,23.4,23.5,25.8,22.0,24.8,20.2,21.9,22.1,22.9,30.5,19.0}'::float8[]);
WITH new AS (INSERT INTO ticket (desk_id, channel, body, opened_at, external_id) SELECT :cmp, 'email', 'x', CASE period WHEN 1 THEN '2025-03-03 09:00'::timestamptz ELSE '2025-03-13 09:00' END, s || '/' || period || '/' || row_number() OVER () FROM seconds RETURNING ticket_no, external_id, opened_at)
INSERT INTO message (desk_id, ticket_no, at, author_kind, body, changed_by) SELECT :cmp, ticket_no, opened_at + split_part(external_id, '/', 1)::float8 * interval '1 second', 'agent', 'x', 399 FROM new;
-- Welch's own example of unequal variances: means 20.82 and 23.29333, t(27.88) at 97.5 % = 2.0488
SELECT is((SELECT (unit, method, before_count, round(before_value::numeric, 4), after_count, round(after_value::numeric, 4), round(difference::numeric, 4), round(low::numeric, 3), round(high::numeric, 3), is_significant)::text FROM compare_periods(:cmp, 'first_response_seconds', '2025-03-03', '2025-03-10', '2025-03-10', '2025-03-17')),
  (SELECT ('seconds', 'welch', 15, round(m1::numeric, 4), 15, round(m2::numeric, 4), round((m2 - m1)::numeric, 4), round((m2 - m1 - t * e)::numeric, 3), round((m2 - m1 + t * e)::numeric, 3), true)::text FROM (SELECT avg(s) FILTER (WHERE period = 1) m1, avg(s) FILTER (WHERE period = 2) m2, sqrt((var_samp(s) FILTER (WHERE period = 1) + var_samp(s) FILTER (WHERE period = 2)) / 15) e, 2.0488::float8 t FROM seconds) v), 'G8: means by Welch');
-- Newcombe 1998, table II, method 10: 56/70 against 48/80 is 0.0524 to 0.3339; 9/10 against 3/10 is 0.1705 to 0.8090; 10/10 against 0/10 is 0.6075 to 1
CREATE FUNCTION newcombe(desk bigint, a integer, m integer, b integer, n integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  UPDATE csflow.survey SET is_low = false, overall = 5 WHERE desk_id = desk;
  INSERT INTO csflow.survey (desk_id, ticket_no, sent_at, last_sent_at, answered_at, overall, is_low)
    SELECT desk, csflow.open_ticket(desk, 'email', 'x', at => at), at, at, at, CASE WHEN i <= good THEN 4 ELSE 2 END, i > good FROM (VALUES ('2026-01-01'::timestamptz, b, n), ('2026-02-01', a, m)) v (at, good, size), generate_series(1, size) i;
  RETURN (SELECT concat_ws(' ', c.method, c.unit, round(c.low::numeric, 2), round(c.high::numeric, 2), c.is_significant) FROM csflow.compare_periods(desk, 'csat_pct', '2026-01-01', '2026-01-02', '2026-02-01', '2026-02-02') c);
END $$;
BEGIN;
SELECT is(newcombe(:cmp, 56, 70, 48, 80), 'newcombe percent 5.24 33.39 t', 'G8: shares by Newcombe: 56/70 - 48/80');
ROLLBACK;
BEGIN;
SELECT is(newcombe(:cmp, 9, 10, 3, 10), 'newcombe percent 17.05 80.90 t', 'G8: 9/10 - 3/10');
ROLLBACK;
BEGIN;
SELECT is(newcombe(:cmp, 10, 10, 0, 10), 'newcombe percent 60.75 100.00 t', 'G8: 10/10 - 0/10');
SELECT is((SELECT (before_value, after_value, difference, round(low::numeric, 2), round(high::numeric, 2), is_significant)::text FROM compare_periods(:cmp, 'low_score_pct', '2026-01-01', '2026-01-02', '2026-02-01', '2026-02-02')), '(100,0,-100,-100.00,-60.75,t)', 'G8: and the other way round');
ROLLBACK;
SELECT is((SELECT (before_count, before_value, after_count, difference, low, is_significant)::text FROM compare_periods(:cmp, 'csat_pct', '2025-03-03', '2025-03-10', '2025-03-10', '2025-03-17')), '(0,,0,,,)', 'kpi: nothing to compare is NULL, not 0 %');
SELECT is((SELECT (before_count, before_value, after_count, after_value)::text FROM compare_periods(:cmp, 'tickets_per_day', '2025-03-03', '2025-03-08', '2025-03-11', '2025-03-16')), '(5,3,5,3)', 'G8: tickets a day, days without any counted');
SELECT lives_ok(format('SELECT * FROM compare_periods(%s, %L, ''2025-03-03'', ''2025-03-10'', ''2025-03-10'', ''2025-03-17'')', :cmp, m), 'G8: measure ' || m) FROM unnest('{first_response_seconds,answer_seconds,close_seconds,tickets_per_day,csat_mean,ces_mean,nps,csat_pct,low_score_pct,reopen_pct,transfer_pct,sla_met_pct}'::text[]) m;
SELECT throws_ok(format('SELECT * FROM compare_periods(%s, %s)', :cmp, a), '22023', NULL, 'G8: refused: ' || a) FROM (VALUES ('''mood'', ''2025-03-03'', ''2025-03-10'', ''2025-03-10'', ''2025-03-17'''), ('NULL, ''2025-03-03'', ''2025-03-10'', ''2025-03-10'', ''2025-03-17'''), ('''nps'', ''2025-03-10'', ''2025-03-10'', ''2025-03-10'', ''2025-03-17'''), ('''nps'', ''-infinity'', ''2025-03-10'', ''2025-03-10'', ''2025-03-17'''), ('''nps'', ''2025-03-03'', ''2025-03-10'', ''2025-03-10'', ''2025-03-17'', 1'), ('''nps'', ''2025-03-03'', ''2025-03-10'', ''2025-03-10'', NULL')) v (a);
SELECT throws_ok('SELECT normal_quantile(' || p || ')', '22023', NULL, 'G8: refused: quantile of ' || p) FROM (VALUES ('0'), ('1'), ('''NaN''')) v (p);
SELECT throws_ok('SELECT student_quantile(0.9, ' || d || ')', '22023', NULL, 'G8: refused: degrees ' || d) FROM (VALUES ('0.5'), ('''NaN'''), ('''Infinity''')) v (d);
SELECT throws_ok('SELECT wilson_interval(' || a || ')', '22023', NULL, 'G8: refused: ' || a) FROM (VALUES ('1, 0'), ('-1, 2'), ('3, 2'), ('1, 2, 1')) v (a);

-- G8: the register
INSERT INTO improvement (desk_id, title, source, owner_id, due_on, measure, figure_before) VALUES (:desk, '退款话术', 'sample', 91, '2025-04-01', 'csat_pct', 71.5);
UPDATE improvement SET state = 'done', done_at = '2025-03-30', figure_after = 84.2, customers_told_at = '2025-03-31' WHERE desk_id = :desk;
SELECT is((SELECT (figure_before, figure_after, state)::text FROM improvement), '(71.5,84.2,done)', 'G8: a figure before and after');
SELECT throws_ok(format('UPDATE csflow.improvement SET %s', s), '23514', NULL, 'G8: refused: ' || s) FROM (VALUES ('done_at = NULL'), ('state = ''maybe'''), ('source = ''rumour'''), ('title = '''''), ('figure_after = ''NaN''')) v (s);


-- A9: as people read them, in both languages
SELECT is((SELECT string_agg(DISTINCT concat_ws(' ', kind_zh, kind_en, priority_zh, priority_en, score_band, score_band_zh, score_band_en), ', ' ORDER BY concat_ws(' ', kind_zh, kind_en, priority_zh, priority_en, score_band, score_band_zh, score_band_en)) FROM sample_list WHERE kind = 'inquiry' AND priority = 'E' OR kind = 'fault' AND priority = 'C' AND score_band = 'none'),
  '业务咨询 inquiry 紧急 urgent low 低分 low score, 业务咨询 inquiry 紧急 urgent none 未评价 not rated, 技术故障 technical fault 低 low none 未评价 not rated', 'G8, A9: samples with captions');
SELECT is_empty($$SELECT l.* FROM sample_list l JOIN sample s USING (desk_id, week, ticket_no) WHERE l.stands_for_count <> s.stratum_count::float8 / (SELECT count(*) FROM sample o WHERE (o.week, o.score_band) = (s.week, s.score_band) AND o.kind IS NOT DISTINCT FROM s.kind AND o.priority IS NOT DISTINCT FROM s.priority)
  OR (l.place, l.stratum_count, l.drawn_at, l.finding, l.reviewed_at) IS DISTINCT FROM (s.place, s.stratum_count, s.drawn_at, s.finding, s.reviewed_at) OR l.reviewer_name IS DISTINCT FROM CASE WHEN s.reviewed_by IS NOT NULL THEN 'Supervisor' END$$, 'G8: what each stands for');
SELECT is((SELECT sum(stands_for_count)::numeric FROM sample_list WHERE week = '2025-03-03'), 168::numeric, 'G8: together they stand for the week');
SELECT is((SELECT count(*) FROM sample_list), (SELECT count(*) FROM sample), 'G8: each once');
SELECT is((SELECT concat_ws(' ', source_zh, source_en, owner_name, is_overdue, measure_zh, measure_en, round(figure_change::numeric, 6), state_zh, state_en) FROM improvement_list), '每周抽样 weekly sample Supervisor f 满意率（%） satisfied (%) 12.700000 已完成 done', 'G8, A9: the register with captions');
-- In one transaction, so that today stays today.
BEGIN;
INSERT INTO improvement (desk_id, title, source, due_on) SELECT :desk, s, s, (now() AT TIME ZONE 'Asia/Shanghai')::date - 1 FROM unnest('{survey,surge,review,incident,suggestion,other}'::text[]) s;
SELECT is((SELECT string_agg(concat_ws(' ', source_zh, source_en, is_overdue, figure_change, state_zh, state_en), ', ' ORDER BY improvement_id) FROM improvement_list WHERE source <> 'sample'),
  '满意度调查 survey t 进行中 open, 激增预警 surge t 进行中 open, 复核 review t 进行中 open, 群体事件 incident t 进行中 open, 建议 suggestion t 进行中 open, 其他 other t 进行中 open', 'G8: what is overdue says so');
INSERT INTO campaign (desk_id, name, kind, first_day, last_day, factor) SELECT :desk, v.n, v.k, (now() AT TIME ZONE 'Asia/Shanghai')::date + v.a, (now() AT TIME ZONE 'Asia/Shanghai')::date + v.b, 1.5 FROM (VALUES ('past', 'fault', -3, -1), ('present', NULL, 0, 0), ('to come', 'inquiry', 1, 2)) v (n, k, a, b);
SELECT is((SELECT string_agg(concat_ws(' ', name, kind_zh, kind_en, day_count, change_pct, is_over, is_running), ', ' ORDER BY first_day) FROM campaign_list), 'past 技术故障 technical fault 3 50 t f, present 全部 all 1 50 f t, to come 业务咨询 inquiry 2 50 f f', 'G6, A9: campaigns with captions');
COMMIT;
SELECT is_empty($$SELECT m FROM unnest('{first_response_seconds,answer_seconds,close_seconds,tickets_per_day,csat_mean,ces_mean,nps,csat_pct,low_score_pct,reopen_pct,transfer_pct,sla_met_pct}'::text[]) m, cut_caption($$ || :desk || $$, 'compared_measure', m) c WHERE c.zh = m OR c.en = m AND m <> 'nps'$$, 'A9: every measure compared has captions');

SELECT finish();
