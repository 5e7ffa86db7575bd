-- What figures refuse, and what they say of nothing: scores out of range, second answers, negative durations, NaN and infinity, empty
-- groups, a base of 0, damaged binary values. Handbook F5, G1-G3, G6; doc/health.md "Refused and defined".
\ir ../lib/small_desk.sql
SELECT no_plan();

-- Scores out of range
SELECT throws_ok('SELECT ' || a, '22003', NULL, 'score out of range: ' || a) FROM unnest('{csat(0),csat(6),csat(-2147483648),nps(-1),nps(11),ces(0),ces(8),ces(2147483647)}'::text[]) a;
SELECT open_ticket(:desk, 'email', '闪退', customer_id => 7, at => '2025-03-03 09:00') AS t \gset
SELECT throws_ok(format('SELECT record_survey(%s, %L, %s, at => ''2025-03-04'')', :desk, :'t', a), '22023', NULL, 'score out of range: survey, ' || a)
  FROM unnest(ARRAY['overall => 0', 'overall => 6', 'efficiency => 6', 'attitude => 0', 'clarity => 6', 'fairness => 0', 'nps => -1', 'nps => 11', 'ces => 0', 'ces => 8', 'overall => 4.5', 'overall => 5, nps => 12']) a;
SELECT throws_ok(format('INSERT INTO csflow.survey (desk_id, ticket_no, sent_at, last_sent_at, answered_at, %s) VALUES (%s, %L, now(), now(), now(), %s)', c, :desk, :'t', v), '23514', NULL, format('score out of range: a row with %s %s', c, v))
  FROM (VALUES ('overall', 6), ('efficiency', 0), ('attitude', 6), ('clarity', -1), ('fairness', 9), ('nps', 11), ('nps', -1), ('ces', 0), ('ces', 8)) x (c, v);
SELECT is_empty('SELECT * FROM survey', 'score out of range: nothing of it was kept');

-- Second answers
SELECT send_survey(:desk, :'t', at => '2025-03-04 09:00') AS sent \gset
SELECT payload ->> 'token' AS token FROM outbox WHERE topic = 'survey' \gset
SELECT is(answer_survey(:'token', overall => 5, at => '2025-03-04 10:00'), false, 'second answer: the first counts');
SELECT throws_ok(format('SELECT answer_survey(%L, overall => 1, at => ''2025-03-04 11:00'')', :'token'), 'SF020', NULL, 'second answer: with the same token it is refused');
SELECT record_survey(:desk, :'t', overall => 2, at => '2025-03-04 12:00') AS low \gset
SELECT throws_ok(format('SELECT answer_survey(%L, overall => 5, at => ''2025-03-04 13:00'')', :'token'), 'SF020', NULL, 'second answer: used is used');
SELECT is((SELECT (rated_count, positive_count, csat_pct, low_count)::text FROM satisfaction_at(:desk, '2025-03-31', 1) WHERE cut = 'all'), '(1,0,0,1)', 'second answer: the last valid one counts, once');

-- Negative durations
SELECT throws_ok('SELECT ' || a, '22008', NULL, 'negative duration: ' || a) FROM unnest(ARRAY['duration_sketch(interval ''-1 microsecond'')', 'duration_sketch(interval ''1 day -25 hours'')', 'seconds_sketch(-0.000001)', 'seconds_sketch(''-Infinity'')',
  'health(''-1 s'', NULL, NULL, NULL, NULL, NULL)', 'health(NULL, ''-1 s'', NULL, NULL, NULL, NULL)', 'business_health(NULL, NULL, ''-1 s'')', 'approx_rank(''-1 s'', duration_sketch(interval ''1 s''))']) a;
SELECT throws_ok('SELECT ' || a, NULL, NULL, 'negative count: ' || a) FROM unnest(ARRAY['health(NULL, NULL, NULL, -1, NULL, NULL)', 'health(NULL, NULL, NULL, NULL, -1, NULL)']) a;

-- NaN and infinity
SELECT throws_ok(a, NULL, NULL, 'NaN and infinity: ' || a) FROM unnest(ARRAY['SELECT seconds_sketch(''NaN'')', 'SELECT seconds_sketch(''Infinity'')', 'SELECT approx_percentile(''NaN'', duration_sketch(interval ''1 s''))',
  'SELECT approx_percentile(''Infinity'', duration_sketch(interval ''1 s''))', 'SELECT * FROM forecast(''{1,NaN,3}'', 1)', 'SELECT * FROM forecast(''{1,Infinity,3}'', 1)', 'SELECT * FROM forecast_error(''{NaN}'', 1)', 'SELECT erlang_agents(''Infinity'', 60)']) a;
SELECT throws_ok(format(a, :desk), '22023', NULL, 'NaN and infinity: ' || a) FROM unnest(ARRAY['SELECT * FROM health_between(%s, ''-infinity'', now())', 'SELECT * FROM health_between(%s, now(), ''infinity'')', 'SELECT * FROM satisfaction_at(%s, ''infinity'')', 'SELECT * FROM forecast_at(%s, ''infinity'')',
  'SELECT record_survey(%s, ''202503001'', overall => ''NaN'')', 'SELECT record_survey(%s, ''202503001'', nps => ''Infinity'')', 'SELECT * FROM compare_periods(%s, ''nps'', ''-infinity'', now(), now(), ''infinity'')']) a;
SELECT throws_ok(format(a, :desk), '23514', NULL, 'NaN and infinity: ' || a) FROM unnest(ARRAY['INSERT INTO csflow.improvement (desk_id, title, source, figure_before) VALUES (%s, ''x'', ''other'', ''NaN'')', 'INSERT INTO csflow.improvement (desk_id, title, source, figure_after) VALUES (%s, ''x'', ''other'', ''-Infinity'')',
  'INSERT INTO csflow.campaign (desk_id, name, first_day, last_day, factor) VALUES (%s, ''x'', ''2025-01-01'', ''2025-01-02'', ''NaN'')', 'UPDATE csflow.desk SET surge_growth_pct = ''NaN'' WHERE desk_id = %s', 'UPDATE csflow.desk SET surge_growth_pct = ''Infinity'' WHERE desk_id = %s']) a;

-- Empty groups: NULL, never 0 %
SELECT is((SELECT num_nonnulls(duration_sketch(NULL::interval), seconds_sketch(NULL), csat(NULL), nps(NULL), ces(NULL), attainment(NULL, NULL::boolean), top_k(NULL, 3), sketch_mean(duration_sketch(NULL::interval)), csat_pct(csat(NULL)), nps(nps(NULL)), ces_top_pct(ces(NULL)), sla_met_pct(attainment('x', NULL)))), 0, 'empty group: every aggregate of nothing is NULL');
SELECT is((SELECT num_nonnulls(transfer_pct(h), reopen_pct(h), fcr_pct(h), first_response(h), resolution(h), waiting(h), first_response_business(h), resolution_business(h), waiting_business(h)) FROM (SELECT health(NULL, NULL, NULL, NULL, NULL, NULL) AS h) v), 0, 'empty group: nor has a ticket without figures any');
SELECT is((SELECT csat_response_rate_pct(csat(5), 0)), NULL, 'empty group: no survey sent, no response rate');
SELECT refresh_health_batch('2025-03-05') \g /dev/null
SELECT is((SELECT count(*) FROM health_between(:desk, '2025-03-01', '2025-03-02') WHERE coalesce(event_count, -1) <> 0 OR pct IS NOT NULL OR num_nonnulls(cal_mean_seconds, cal_p50_seconds, bus_p90_seconds) > 0), 0::bigint, 'empty group: score-card of days without tickets: counts 0, percentages and times NULL');
SELECT is((SELECT count(*) FROM health_daily WHERE cut = 'total' AND opened_count_by_created = 0 AND num_nonnulls(transferred_pct, reopened_pct, one_touch_pct, first_contact_pct, first_reply_cal_p50_seconds) > 0), 0::bigint, 'empty group: so do the days');
SELECT is((SELECT count(*) FROM satisfaction_at(:desk, '2025-03-31', 3) WHERE sent_count = 0 AND num_nonnulls(response_rate_pct, csat_pct, csat_mean, nps, ces_mean, ces_top_pct) > 0), 0::bigint, 'empty group: months without a survey');

-- A base of 0
SELECT is((SELECT (base_count, growth_pct)::text FROM surge_counts(:desk, '2025-03-03 10:00')), '(0,)', 'base of 0: no growth in percent: surge_counts');
SELECT is((SELECT (base_count, growth_pct, is_complete)::text FROM hot_issues_at(:desk, '2025-03-03', '2025-03-04')), '(0,,t)', 'base of 0: hot_issues');
SELECT is((SELECT relative_mae FROM forecast_error((SELECT array_agg((i % 7)::float8) FROM generate_series(1, 70) i), 7)), NULL, 'base of 0: an error over a naive forecast without error');

-- Damaged binary values, as a file or a driver may bring them: refused, or a value that is sound.
CREATE TABLE binary_value (b bytea);
CREATE TABLE good AS SELECT duration_sketch(n * n * interval '1 second') AS duration_sketch, health(n * interval '1 hour', n * interval '1 day', NULL, n % 3, n % 2, n % 5 = 0) AS health, csat(n % 5 + 1) AS csat, nps(n % 11) AS nps, ces(n % 7 + 1) AS ces,
  attainment('clock ' || n % 3, n % 2 = 0) AS attainment_counts, top_k('value ' || n % 4, 2) AS top_k FROM generate_series(1, 20) n;
CREATE FUNCTION damaged(type text, OUT tried integer, OUT refused integer, OUT unsound text) LANGUAGE plpgsql AS $$
DECLARE
  file text := current_setting('data_directory') || '/csflow_bad_input.bin';
  sound bytea;
  bad bytea;
  same boolean;
BEGIN
  tried := 0; refused := 0;
  EXECUTE format('CREATE TEMP TABLE received (v csflow.%I)', type);
  EXECUTE format('SELECT csflow.%I(%I) FROM good', type || '_send', type) INTO sound;
  FOR i IN 0 .. 2 * length(sound) LOOP
    bad := CASE WHEN i < length(sound) THEN set_byte(sound, i, (get_byte(sound, i) + 1 + 127 * (i % 3)) % 256) ELSE substr(sound, 1, i - length(sound)) END;
    bad := CASE WHEN i = 2 * length(sound) THEN sound || '\x00' ELSE bad END;
    tried := tried + 1;
    DELETE FROM binary_value;
    DELETE FROM received;
    INSERT INTO binary_value VALUES (bad);
    EXECUTE format('COPY binary_value TO %L (FORMAT binary)', file);
    BEGIN
      EXECUTE format('COPY received FROM %L (FORMAT binary)', file);
      -- What was taken must be what the text form, which is checked completely, says of it.
      EXECUTE format('SELECT v::text::csflow.%I::text = v::text FROM received', type) INTO same;
      IF same IS NOT TRUE THEN unsound := concat_ws(', ', unsound, i || ' differs'); END IF;
    EXCEPTION WHEN OTHERS THEN
      IF SQLSTATE NOT IN ('22P03', '22P02', '08P01', '22003', '22021') THEN unsound := concat_ws(', ', unsound, i || ' ' || SQLSTATE || ' ' || SQLERRM); END IF;
      refused := refused + 1;
    END;
  END LOOP;
  DROP TABLE received;
END $$;
CREATE TABLE damage AS SELECT t, d.* FROM unnest('{duration_sketch,health,csat,nps,ces,attainment_counts,top_k}'::text[]) t, damaged(t) d;
SELECT is(unsound, NULL, format('damaged binary value: %s, %s of %s refused, the rest sound', t, refused, tried)) FROM damage ORDER BY t;
SELECT cmp_ok(refused, '>', tried / 2, 'damaged binary value: most are refused: ' || t) FROM damage WHERE t NOT IN ('csat', 'nps', 'ces') ORDER BY t;

SELECT finish();
