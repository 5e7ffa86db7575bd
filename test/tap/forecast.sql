-- Forecasts, campaigns, staff. Handbook G6.
\ir ../lib/small_desk.sql
SELECT no_plan();

-- Refused
SELECT throws_ok('SELECT * FROM forecast(' || a || ')', '22023', NULL, 'G6: refused: ' || a) FROM (VALUES ('''{}'', 3'), ('''{1,NULL}'', 3'), ('''{1,NaN}'', 3'), ('''{1,Infinity}'', 3'), ('''{1,2}'', 0'), ('''{1,2}'', -1'), ('''{1,2}'', 10001'), ('''{1,2}'', 3, 0'), ('''{1,2}'', 3, 7, 0'), ('''{1,2}'', 3, 7, 1'), ('''{1,2}'', 3, 7, ''NaN''')) v (a);
SELECT throws_ok('SELECT * FROM forecast(''{1e308,-1e308,1e308,1e308}'', 3, 1)', '22003', NULL, 'G6: refused: values too large');
SELECT results_eq('SELECT * FROM forecast(''{5}'', 2)', 'VALUES (1, 5::float8, NULL::float8, NULL::float8), (2, 5, NULL, NULL)', 'G6: one value goes on, with an error nobody knows');
SELECT is((SELECT forecast_error('{1,2,3,4,5,6,7,8}', 2)::text), '(0,0,,,,,)', 'G6: too short to be judged: NULL, not 0');
SELECT is((SELECT count(*) FROM forecast(NULL, 3)), 0::bigint, 'G6: no series, no forecast');

-- Against Holt-Winters by plain recursion with the parameters of the model
SELECT setseed(0.777) \g /dev/null
\echo '# setseed(0.777)'
CREATE TABLE series AS SELECT s, array_agg(greatest(0, round((100 + s * i * 0.2 + 40 * sin(2 * pi() * i / 7 + s) + 30 * (random() + random() - 1))::numeric))::float8 ORDER BY i) AS y FROM generate_series(1, 6) s, generate_series(1, 70 + s * 3) i GROUP BY s;
CREATE FUNCTION slow(y float8[], m integer, alpha float8, beta float8, gamma float8, horizon integer, OUT sse float8, OUT ahead float8[]) LANGUAGE plpgsql AS $$
DECLARE l float8; b float8; l0 float8; was float8; s float8[]; e float8; n integer := cardinality(y);
BEGIN
  l0 := (SELECT avg(v) FROM unnest(y[1:m]) v);
  b := ((SELECT avg(v) FROM unnest(y[m + 1:2 * m]) v) - l0) / m;
  s := ARRAY(SELECT y[i] - (l0 + b * (i - (m + 1) / 2.0)) FROM generate_series(1, m) i ORDER BY i);
  l := l0 + b * (m - 1) / 2.0;
  sse := 0;
  FOR t IN m + 1 .. n LOOP
    e := y[t] - (l + b + s[t - m]);
    sse := sse + e * e;
    was := l;
    l := alpha * (y[t] - s[t - m]) + (1 - alpha) * (l + b);
    b := beta * (l - was) + (1 - beta) * b;
    s := s || (gamma * (y[t] - l) + (1 - gamma) * s[t - m]);
  END LOOP;
  ahead := ARRAY(SELECT l + h * b + s[n - m + 1 + (h - 1) % m] FROM generate_series(1, horizon) h ORDER BY h);
END $$;
SELECT is_empty($$SELECT s, f.step, f.value, o.ahead[f.step] FROM series, forecast_model(y) g, slow(y, 7, g.alpha, g.beta, g.gamma, 20) o, forecast(y, 20) f WHERE abs(f.value - o.ahead[f.step]) > 1e-8 OR abs(g.error_sum - o.sse) > 1e-6$$, 'G6: every step equals the recursion of the textbook');
SELECT is((SELECT count(*) FROM series, forecast(y, 20)), 120::bigint, 'G6: of six series');
SELECT is_empty($$SELECT s, a, b, c FROM series, forecast_model(y) g, generate_series(0.0, 1, 0.125) a, generate_series(0.0, 1, 0.125) b, generate_series(0.0, 1, 0.125) c, slow(y, 7, a, b, c, 1) o WHERE s <= 2 AND o.sse < g.error_sum * 0.9999$$, 'G6: and no point of a grid of parameters is better');
-- The interval: variance of the h-step error from the weights of past errors
SELECT is_empty($$SELECT s, f.step FROM series, forecast_model(y) g, forecast(y, 20, 7, 0.9) f, LATERAL (SELECT g.deviation * sqrt(1 + coalesce(sum((g.alpha + g.alpha * g.beta * j + CASE WHEN j % 7 = 0 THEN g.gamma * (1 - g.alpha) ELSE 0 END) ^ 2), 0)) AS d FROM generate_series(1, f.step - 1) j) v
  WHERE abs(f.high - f.value - 1.6448536269514722 * v.d) > 1e-8 OR abs(f.value - f.low - 1.6448536269514722 * v.d) > 1e-8 OR abs(g.deviation - sqrt(g.error_sum / (cardinality(y) - 7 - 3))) > 1e-9$$, 'G6: the interval has the variance of the model');
-- The back-test: from each origin, by what came before alone
SELECT is_empty($$SELECT s, e, o FROM series, forecast_error(y, 10, 7, 0.95, 3) e, LATERAL (
  SELECT avg(abs(y[n.origin + f.step] - f.value)) AS mae, avg(abs(y[n.origin + f.step] - y[n.origin - 7 + 1 + (f.step - 1) % 7])) AS naive, 100.0 * avg((y[n.origin + f.step] BETWEEN f.low AND f.high)::integer) AS covered, count(*) AS compared
  FROM generate_series(0, 2) k, LATERAL (SELECT cardinality(y) - 10 - 7 * k AS origin) n, forecast(y[1:n.origin], 10) f) o
  WHERE (e.origins, e.compared) <> (3, 30) OR abs(e.mae - o.mae) > 1e-9 OR abs(e.naive_mae - o.naive) > 1e-9 OR abs(e.coverage_pct - o.covered) > 1e-9 OR abs(e.relative_mae - o.mae / o.naive) > 1e-9$$, 'G6: the back-test forecasts from what came before, and compares with the same day a week ago');
SELECT is((SELECT relative_mae FROM forecast_error((SELECT array_agg((i % 7)::float8) FROM generate_series(1, 70) i), 7)), NULL, 'G6: over a naive forecast without error nothing can be a multiple');

-- Per desk and kind
SELECT is_empty(format('SELECT * FROM forecast_at(%s)', :desk), 'G6: nothing known, nothing forecast');
SELECT is_empty(format('SELECT * FROM staff_needed(%s, ''10 minutes'')', :desk), 'G6: no staff guessed either');
CREATE FUNCTION usual(day date) RETURNS integer LANGUAGE sql IMMUTABLE AS $$SELECT (ARRAY[20, 16, 15, 14, 12, 6, 4])[extract(isodow FROM day)::integer]$$;
INSERT INTO ticket (desk_id, channel, body, category_id, opened_at)
  SELECT :desk, CASE WHEN i % 2 = 0 THEN 'live_chat' ELSE 'email' END, 'x', CASE WHEN i % 4 = 0 THEN 2 ELSE 3 END, day + interval '8 hours' + i * interval '10 minutes' FROM generate_series('2025-01-06'::timestamptz, '2025-03-09', '1 day') day, generate_series(0, usual(day::date) - 1) i;
SELECT is_empty(format('SELECT * FROM forecast_at(%s, ''2025-03-10 15:00'')', :desk), 'G6: nothing refreshed, nothing forecast');
SELECT refresh_desk_health(:desk, '2025-03-10 15:00', 100000) \g /dev/null
SELECT is_empty(format($$SELECT bucket_date, expected_count FROM forecast_at(%s, '2025-03-10 15:00') WHERE kind IS NULL AND abs(expected_count - usual(bucket_date)) > 1e-6$$, :desk), 'G6: a week that repeats goes on');
SELECT results_eq(format($$SELECT kind, caption_en, count(*), min(bucket_date), max(bucket_date), min(bucket_start), min(zone), min(history_day_count), min(compared_count) FROM forecast_at(%s, '2025-03-10 15:00') GROUP BY 1, 2 ORDER BY 1 NULLS FIRST$$, :desk),
  $$VALUES (NULL::text, 'all', 14::bigint, '2025-03-10'::date, '2025-03-23'::date, '2025-03-10 00:00+08'::timestamptz, 'Asia/Shanghai', 63, 70::bigint), ('fault', 'technical fault', 14, '2025-03-10', '2025-03-23', '2025-03-10 00:00+08', 'Asia/Shanghai', 63, 70), ('inquiry', 'inquiry', 14, '2025-03-10', '2025-03-23', '2025-03-10 00:00+08', 'Asia/Shanghai', 63, 70)$$, 'G6: in total and by kind, fourteen days from today, judged');
SELECT is_empty(format($$SELECT * FROM forecast_at(%s, '2025-03-10 15:00') WHERE low_count > expected_count OR high_count < expected_count OR low_count < 0 OR confidence_pct <> 95$$, :desk), 'G6: within its interval, never less than none');
SELECT is((SELECT sum(ticket_count) FROM daily_tickets(:desk, '2025-02-03', '2025-02-09') WHERE kind IS NULL), 87::numeric, 'G4: tickets a day');
SELECT throws_ok(format('SELECT * FROM forecast_at(%s, now(), %s)', :desk, a), '22023', NULL, 'G6: refused: ' || a) FROM (VALUES ('0'), ('367'), ('14, 0'), ('14, 3661'), ('14, 182, 1.5')) v (a);
SELECT throws_ok(format('SELECT * FROM forecast_at(%s, %s)', :desk, a), '22023', NULL, 'G6: refused: as of ' || a) FROM (VALUES ('''infinity'''), ('NULL')) v (a);
SELECT throws_ok('SELECT * FROM forecast_at(4711)', 'SF001', NULL, 'G6: unknown desk');
SELECT lives_ok('SELECT * FROM forecast', 'G6: the view');

-- Campaigns: taken out of the past, put on coming days
SELECT cmp_ok((SELECT mae FROM forecast_at(:desk, '2025-03-10 15:00') WHERE kind IS NULL AND step = 1), '<', 1e-6::float8, 'G6: the back-test of such a week has no error');
INSERT INTO ticket (desk_id, channel, body, category_id, opened_at)
  SELECT :desk, 'email', 'x', 3, day + interval '20 hours' FROM generate_series('2025-03-03'::timestamptz, '2025-03-05', '1 day') day, generate_series(1, usual(day::date)) i;
SELECT refresh_desk_health(:desk, '2025-03-10 15:00', 100000) \g /dev/null
SELECT cmp_ok((SELECT mae FROM forecast_at(:desk, '2025-03-10 15:00') WHERE kind IS NULL AND step = 1), '>', 0.5::float8, 'G6: a sale that nobody named is an error');
INSERT INTO campaign (desk_id, name, first_day, last_day, factor) VALUES (:desk, 'sale', '2025-03-03', '2025-03-05', 2), (:desk, 'next sale', '2025-03-12', '2025-03-13', 1.5), (:desk, 'and more', '2025-03-13', '2025-03-13', 2);
INSERT INTO campaign (desk_id, name, kind, first_day, last_day, factor) VALUES (:desk, 'only inquiries', 'inquiry', '2025-03-12', '2025-03-12', 3);
SELECT is_empty(format($$SELECT bucket_date, expected_count, campaign_factor FROM forecast_at(%s, '2025-03-10 15:00') WHERE kind IS NULL AND abs(expected_count - usual(bucket_date) * CASE bucket_date WHEN '2025-03-12' THEN 1.5 WHEN '2025-03-13' THEN 3 ELSE 1 END) > 1e-6$$, :desk), 'G6: named, it is not; and the next is expected');
SELECT cmp_ok((SELECT mae FROM forecast_at(:desk, '2025-03-10 15:00') WHERE kind IS NULL AND step = 1), '<', 1e-6::float8, 'G6: as the back-test sees');
SELECT is((SELECT campaign_factor FROM forecast_at(:desk, '2025-03-10 15:00') WHERE kind = 'inquiry' AND bucket_date = '2025-03-12')::numeric(9, 6), 4.5, 'G6: one for a kind is for that kind');
SELECT throws_ok(format($$INSERT INTO csflow.campaign (desk_id, name, first_day, last_day, factor) VALUES (%s, 'x', %s)$$, :desk, v), '23514', NULL, 'G6: refused: ' || v) FROM (VALUES ('''2025-03-02'', ''2025-03-01'', 1'), ('''2025-03-01'', ''2025-03-02'', 0'), ('''2025-03-01'', ''2025-03-02'', -1'), ('''2025-03-01'', ''2025-03-02'', ''NaN''')) x (v);
DELETE FROM campaign;

-- Every column of the view against the tickets counted one by one, with days nobody has refreshed yet, campaigns and invalid tickets
SELECT setseed(0.59) \g /dev/null
\echo '# setseed(0.59)'
SELECT create_desk('seasons', NULL) AS seasons \gset
INSERT INTO agent (desk_id, agent_id, name, role_name, may_act_for_others) VALUES (:seasons, 499, 'application', current_user, true);
INSERT INTO category (desk_id, category_id, code, caption_zh, caption_en) VALUES (:seasons, 971, 'loan', '贷款', 'loan'), (:seasons, 972, 'card', '银行卡', 'card');
UPDATE desk SET zone = 'America/New_York' WHERE desk_id = :seasons;
INSERT INTO ticket (desk_id, channel, body, category_id, opened_at, state)
  SELECT :seasons, 'email', 'x', (ARRAY[971, 972, NULL])[1 + floor(random() * 3)::int], day + random() * interval '24 hours', CASE WHEN random() < 0.1 THEN 'invalid' ELSE 'new' END
  FROM generate_series('2025-02-03 00:00'::timestamptz, '2025-04-07', '1 day') day, generate_series(1, 3 + floor(random() * 6)::int + extract(isodow FROM day)::int) ORDER BY 5;
INSERT INTO campaign (desk_id, name, kind, first_day, last_day, factor) VALUES (:seasons, 'sale', NULL, '2025-03-10', '2025-03-16', 1.25), (:seasons, 'cards', 'card', '2025-04-05', '2025-04-20', 3);
SELECT refresh_desk_health(:seasons, '2025-04-05 12:00-04', 100000) \g /dev/null
CREATE TABLE counted AS SELECT k.kind, array_agg((SELECT count(*) FROM ticket t WHERE t.desk_id = :seasons AND t.state <> 'invalid' AND (t.kind = k.kind OR k.kind IS NULL) AND (t.opened_at AT TIME ZONE 'America/New_York')::date = d) ORDER BY d) AS n,
    array_agg(CASE WHEN d BETWEEN '2025-03-10' AND '2025-03-16' THEN 1.25::float8 ELSE 1 END ORDER BY d) AS factor
  FROM (VALUES (NULL), ('loan'), ('card')) k (kind), LATERAL (SELECT g::date AS d FROM generate_series((SELECT min((t.opened_at AT TIME ZONE 'America/New_York')::date) FROM ticket t WHERE t.desk_id = :seasons AND t.state <> 'invalid')::timestamp, '2025-04-04', '1 day') g) g GROUP BY k.kind;
SELECT is_empty(format($$SELECT f.kind, f.step, f, e FROM (SELECT * FROM forecast_at(%1$s, '2025-04-05 15:00-04', 10, 200, 0.9)
    UNION ALL SELECT f.kind, caption_zh, caption_en, bucket_date, bucket_start, zone, step + 3, expected_count, low_count, high_count, campaign_factor, confidence_pct, history_day_count, compared_count, mae, naive_mae, relative_mae, mase, coverage_pct FROM forecast_at(%1$s, '2025-04-08 15:00-04', 10, 203, 0.9) f) f
  FULL JOIN (SELECT c.kind, g.step, v.value, v.low, v.high, e.*, cardinality(c.n) AS days, CASE WHEN c.kind = 'card' AND g.step < 17 THEN 3 ELSE 1 END AS factor
    FROM counted c, LATERAL (SELECT array_agg(c.n[i] / c.factor[i] ORDER BY i) AS y FROM generate_series(1, cardinality(c.n)) i) s, forecast_error(s.y, 10, 7, 0.9) e, generate_series(1, 13) g (step), forecast(s.y, 13, 7, 0.9) v WHERE v.step = g.step) e
    ON e.kind IS NOT DISTINCT FROM f.kind AND e.step = f.step
  WHERE f.step IS NULL OR e.step IS NULL OR f.bucket_date IS DISTINCT FROM '2025-04-04'::date + f.step OR f.bucket_start IS DISTINCT FROM (f.bucket_date || ' 00:00 America/New_York')::timestamptz OR f.zone <> 'America/New_York' OR abs(f.campaign_factor - e.factor) > 1e-9 OR f.confidence_pct <> 90
    OR f.history_day_count <> e.days OR f.compared_count <> e.compared OR round(f.expected_count::numeric, 6) <> round((greatest(e.value, 0) * e.factor)::numeric, 6)
    OR round(f.low_count::numeric, 6) <> round((greatest(e.low, 0) * e.factor)::numeric, 6) OR round(f.high_count::numeric, 6) <> round((greatest(e.high, 0) * e.factor)::numeric, 6)
    OR round(f.mae::numeric, 9) <> round(e.mae::numeric, 9) OR round(f.naive_mae::numeric, 9) <> round(e.naive_mae::numeric, 9) OR f.relative_mae <> e.relative_mae OR f.mase <> e.mase OR f.coverage_pct <> e.coverage_pct
    OR e.compared IS NULL OR e.compared < 30$$, :seasons), 'G6: forecast, every column, from tickets counted one by one; days not refreshed yet are bridged');
SELECT results_eq(format($$SELECT kind, array_agg(ticket_count ORDER BY day), min(day), max(day) FROM daily_tickets(%s, '2025-01-01', '2025-04-07') GROUP BY kind ORDER BY kind NULLS FIRST$$, :seasons),
  $$SELECT kind, n, '2025-04-05'::date - cardinality(n), '2025-04-04'::date FROM counted ORDER BY kind NULLS FIRST$$, 'G4: daily_tickets, up to the last complete day');
SELECT is_empty(format($$SELECT d.* FROM daily_tickets(%1$s, '2025-01-01', '2025-04-04') d JOIN health_daily h ON h.desk_id = %1$s AND h.bucket_date = d.day AND (h.cut, h.value) = (CASE WHEN d.kind IS NULL THEN 'total' ELSE 'kind' END, coalesce(d.kind, ''))
  WHERE h.opened_count_by_created <> d.ticket_count$$, :seasons), 'G6: what is learnt from is what the score-card shows');
SELECT is_empty(format($$SELECT * FROM forecast_at(%s, '2026-06-01')$$, :seasons), 'G6: figures a year old forecast nothing');
DELETE FROM campaign;

-- Staff per shift
SELECT create_desk('phones', NULL) AS phones \gset
INSERT INTO agent (desk_id, agent_id, name, role_name, may_act_for_others) VALUES (:phones, 399, 'application', current_user, true);
INSERT INTO working_calendar (desk_id, code, base) VALUES (:phones, 'office', 'Asia/Shanghai; mon-fri 09:00-12:00,13:00-18:00');
INSERT INTO ticket (desk_id, channel, body, opened_at)
  SELECT :phones, CASE WHEN h = 20 THEN 'email' ELSE 'hotline' END, 'x', day + h * interval '1 hour' + i * interval '1 minute' FROM generate_series('2025-01-06'::timestamptz, '2025-03-09', '1 day') day, (VALUES (10, 30), (15, 20), (20, 12)) v (h, n), generate_series(0, n - 1) i;
SELECT refresh_desk_health(:phones, '2025-03-10 08:00', 100000) \g /dev/null
SELECT results_eq(format($$SELECT starts, ends FROM shifts(%s, '2025-03-14', 2)$$, :phones), $$VALUES ('2025-03-14 00:00'::timestamptz, '2025-03-15 00:00'::timestamptz), ('2025-03-15 00:00', '2025-03-16 00:00')$$, 'G6: without a calendar each day is a shift');
SELECT throws_ok(format('SELECT * FROM shifts(%s, %s)', :phones, v), '22023', NULL, 'G6: refused: shifts of ' || v) FROM (VALUES ('''infinity'', 2'), ('NULL, 2'), ('''2025-03-14'', 0'), ('''2025-03-14'', 2147483647'), ('''2025-03-14'', NULL')) x (v);
UPDATE desk SET shift_calendar = 'office' WHERE desk_id = :phones;
SELECT results_eq(format($$SELECT shift_start, shift_end, round(expected_count::numeric, 6), workload_agents, live_agents, agents FROM staff_needed(%s, '6 minutes', '2025-03-13', 5, at => '2025-03-10 08:00')$$, :phones),
  $$VALUES ('2025-03-13 09:00'::timestamptz, '2025-03-13 12:00'::timestamptz, 30.000000, 2::bigint, erlang_agents(30, 360, 80, 30), erlang_agents(30, 360, 80, 30)),
    ('2025-03-13 13:00', '2025-03-13 18:00', 20, 1, erlang_agents(20, 360, 80, 30), erlang_agents(20, 360, 80, 30)), ('2025-03-14 09:00', '2025-03-14 12:00', 42, 2, erlang_agents(30, 360, 80, 30), erlang_agents(30, 360, 80, 30)),
    ('2025-03-14 13:00', '2025-03-14 18:00', 20, 1, erlang_agents(20, 360, 80, 30), erlang_agents(20, 360, 80, 30)), ('2025-03-17 09:00', '2025-03-17 12:00', 30 + 12 + 2 * 62, 7, erlang_agents(30, 360, 80, 30), greatest(7, erlang_agents(30, 360, 80, 30))), ('2025-03-17 13:00', '2025-03-17 18:00', 20, 1, erlang_agents(20, 360, 80, 30), erlang_agents(20, 360, 80, 30))$$, 'G6: each shift has what comes in it and what came since the last one; calls need more hands than their work');
SELECT throws_ok(format('SELECT * FROM staff_needed(%s, %s)', :phones, a), '22023', NULL, 'G6: refused: ' || a) FROM (VALUES ('''0'''), ('NULL'), ('''5 minutes'', ''2020-01-01'''), ('''5 minutes'', NULL, 0'), ('''5 minutes'', NULL, 3, 101'), ('''5 minutes'', NULL, 3, 80, 100')) v (a);
SELECT throws_ok(format('SELECT erlang_agents(%s)', a), '22023', NULL, 'G6: refused: ' || a) FROM (VALUES ('-1, 60'), ('60, 0'), ('60, 60, 0'), ('60, 60, 100'), ('1e9, 3600'), ('''NaN'', 60')) v (a);

SELECT finish();
