-- Every figure of the boards against a slow count over the event log (test/oracle/health.sql). Handbook G1, G2, G4; kpi.md.
\set seed 0.75
\set tickets 100
\getenv seed CSFLOW_SEED
\getenv tickets CSFLOW_TICKETS
\ir ../lib/internet_desk.sql
\ir ../oracle/health.sql
\ir ../lib/health_life.sql
SELECT no_plan();
SELECT diag('seed ' || :'seed' || ', ' || :'tickets' || ' tickets');

-- Before anything was refreshed there is nothing, not an error.
SELECT is((SELECT count(*) FROM health_daily) + (SELECT count(*) FROM backlog_ageing) + (SELECT count(*) FROM heatmap) + (SELECT count(*) FROM hot_issues), 0::bigint,
  'empty groups: no rows');
SELECT is((SELECT count(*) FROM health_between(:desk, '2025-03-01', '2025-03-02')), 0::bigint, 'and no score-card');

UPDATE desk SET zone = 'America/New_York' WHERE desk_id = :desk;
INSERT INTO working_calendar (desk_id, code, base) VALUES (:desk, 'work', 'America/New_York; mon-fri 09:00-12:00,13:00-18:00');
SELECT setseed(:seed) \g /dev/null
CALL live(:desk, :tickets, 8, '2025-03-03 13:00', '2025-03-12 13:00');
CALL live(:desk, :tickets, 3, '2025-03-12 13:00', '2025-04-03 13:00');
SELECT refresh_health_batch('2025-04-03 13:00') \g /dev/null
SET TimeZone = 'America/New_York';
CALL oracle.tell_all(:desk);
CREATE TABLE o AS SELECT * FROM oracle.cut;
CREATE INDEX ON o (cut, value, measure);
CREATE VIEW total AS SELECT * FROM o WHERE cut = 'total';
ANALYZE;

-- health_daily, weekly, monthly: counts, percentages, means and percentiles, by any cut.
CREATE FUNCTION card_differences(card text, unit text) RETURNS TABLE (column_name text, n bigint) LANGUAGE plpgsql AS $$
DECLARE
  m record;
  figure record;
BEGIN
  EXECUTE format('CREATE TEMP TABLE shown AS SELECT * FROM %I', card);
  FOR m IN SELECT * FROM csflow.health_measures() LOOP
    column_name := format('%s_count_by_%s', m.measure, m.date_logic);
    EXECUTE format('SELECT count(*) FROM shown v WHERE v.%I <> (SELECT coalesce(sum(x.n), 0) FROM o x WHERE x.cut = v.cut AND x.value = v.value AND x.measure = %L AND date_trunc(%L, x.at) = v.bucket_start)',
      column_name, m.measure, unit) INTO n;
    RETURN NEXT;
    IF m.base_measure IS NOT NULL THEN
      column_name := m.measure || '_pct';
      EXECUTE format($q$SELECT count(*) FROM shown v CROSS JOIN LATERAL (
        SELECT 100 * coalesce(sum(x.n) FILTER (WHERE x.measure = %L), 0)::float8 / nullif(sum(x.n) FILTER (WHERE x.measure = %L), 0) AS pct
        FROM o x WHERE x.cut = v.cut AND x.value = v.value AND date_trunc(%L, x.at) = v.bucket_start) e WHERE v.%I IS DISTINCT FROM e.pct$q$,
        m.measure, m.base_measure, unit, column_name) INTO n;
      RETURN NEXT;
    END IF;
    CONTINUE WHEN NOT m.is_timed;
    FOR figure IN SELECT k || '_' || f AS name, k, e FROM unnest('{cal,bus}'::text[]) k,
      (VALUES ('mean', 'extract(epoch FROM sum(x.%1$I)) / count(x.%1$I)'), ('p50', 'extract(epoch FROM percentile_disc(0.5) WITHIN GROUP (ORDER BY x.%1$I))'),
        ('p90', 'extract(epoch FROM percentile_disc(0.9) WITHIN GROUP (ORDER BY x.%1$I))'), ('p95', 'extract(epoch FROM percentile_disc(0.95) WITHIN GROUP (ORDER BY x.%1$I))')) x (f, e) LOOP
      column_name := format('%s_%s_seconds', m.measure, figure.name);
      EXECUTE format($q$SELECT count(*) FROM shown v CROSS JOIN LATERAL (SELECT (%s)::float8 AS exact FROM o x
        WHERE x.cut = v.cut AND x.value = v.value AND x.measure = %L AND date_trunc(%L, x.at) = v.bucket_start) e
        WHERE (v.%4$I IS NULL) <> (e.exact IS NULL) OR abs(v.%4$I - e.exact) > %5$s * e.exact + 0.0011$q$,
        format(figure.e, figure.k), m.measure, unit, column_name, CASE WHEN figure.name LIKE '%mean' THEN 0 ELSE 0.0101 END) INTO n;
      RETURN NEXT;
    END LOOP;
  END LOOP;
  DROP TABLE shown;
END
$$;
SELECT is((SELECT string_agg(column_name || ' ' || n, ', ') FROM card_differences('health_daily', 'day') WHERE n > 0), NULL, 'G4: health_daily, every column, every cut');
SELECT is((SELECT string_agg(column_name || ' ' || n, ', ') FROM card_differences('health_weekly', 'week') WHERE n > 0), NULL, 'G4: health_weekly');
SELECT is((SELECT string_agg(column_name || ' ' || n, ', ') FROM card_differences('health_monthly', 'month') WHERE n > 0), NULL, 'G4: health_monthly');
SELECT results_eq($$SELECT bucket_date FROM health_daily WHERE cut = 'total' ORDER BY 1$$,
  $$SELECT g::date FROM generate_series('2025-03-03'::timestamp, '2025-04-03', '1 day') g$$, 'each local day once, empty ones too');
SELECT is((SELECT array_agg(bucket_end - bucket_start ORDER BY bucket_date) FROM health_daily WHERE cut = 'total' AND bucket_date IN ('2025-03-08', '2025-03-09')),
  '{24:00:00,23:00:00}'::interval[], 'the day on which summer time begins has 23 hours');
SELECT is((SELECT array_agg(bucket_date) FROM health_daily WHERE cut = 'total' AND NOT is_complete), '{2025-04-03}'::date[], 'the day of the refresh is not complete');
SELECT is((SELECT array_agg(bucket_date ORDER BY bucket_date) FROM health_weekly WHERE cut = 'total' AND NOT is_complete), '{2025-03-31}'::date[], 'nor is its week');
SELECT is((SELECT array_agg(is_complete ORDER BY bucket_date) FROM health_monthly WHERE cut = 'total'), '{t,f}'::boolean[], 'nor its month');

-- Score-cards of any period: from hours, days and months, whatever fits.
CREATE FUNCTION between_differences(desk bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  since timestamptz;
  until timestamptz;
  the_cut text;
  n bigint := 0;
BEGIN
  FOR i IN 1..12 LOOP
    since := date_trunc('hour', '2025-03-03 00:00'::timestamptz + random() * interval '31 days');
    until := CASE WHEN i < 10 THEN since + interval '1 hour' * ceil(random() ^ 3 * 800) ELSE '2025-05-01' END;
    IF i > 10 THEN since := '2025-02-01'; END IF;
    the_cut := any_of('total', 'kind', 'category', 'team', 'channel', 'customer_tier');
    n := n + (WITH f AS MATERIALIZED (SELECT * FROM oracle.figures(since, until) x WHERE x.cut = the_cut)
      SELECT count(*) FROM (SELECT * FROM csflow.health_between(desk, since, until, the_cut) b WHERE b.event_count > 0) b
      FULL JOIN f ON f.value = b.cut_value AND f.measure = b.measure
      WHERE b.event_count IS DISTINCT FROM f.event_count OR NOT oracle.near(b.cal_p90_seconds * interval '1 second', f.cal_p90)
        OR NOT oracle.near(b.bus_p95_seconds * interval '1 second', f.bus_p95)
        OR abs(b.cal_mean_seconds - extract(epoch FROM f.cal_sum) / f.event_count) > 0.001
        OR b.base_count IS DISTINCT FROM (SELECT CASE WHEN m.base_measure IS NOT NULL THEN coalesce(sum(x.event_count), 0) END FROM csflow.health_measures() m
          LEFT JOIN f x ON x.value = b.cut_value AND x.measure = m.base_measure WHERE m.measure = b.measure GROUP BY m.base_measure));
  END LOOP;
  RETURN n;
END
$$;
SELECT is(between_differences(:desk), 0::bigint, '2.14: health_between over odd periods by any cut');
SELECT is((SELECT (period_start, period_end)::text FROM health_between(:desk, '2025-03-04 10:20', '2025-03-04 11:01') LIMIT 1),
  ('2025-03-04 10:00'::timestamptz, '2025-03-04 12:00'::timestamptz)::text, 'bounds are taken outward to the hour');
SELECT throws_ok(format($$SELECT * FROM health_between(%s, '2025-03-04', '2025-03-05', 'agent')$$, :desk), '22023', 'unknown cut "agent"', 'an unknown cut is refused');
SELECT throws_like(format($$SELECT * FROM health_between(%s, '2025-03-05', '2025-03-05')$$, :desk), 'no period from %', 'an empty period is refused');
SELECT throws_ok('SELECT * FROM health_between(0, ''2025-03-04'', ''2025-03-05'')', 'SF001', 'unknown desk: 0', 'an unknown desk is refused');

-- Stock and flow.
CREATE VIEW live_event AS SELECT e.*, state_category(e.new_state) IN ('solved', 'closed') AS is_done FROM event e JOIN ticket t USING (desk_id, ticket_no)
WHERE t.state NOT IN ('duplicate', 'invalid') AND state_category(e.new_state) IS NOT NULL;
CREATE FUNCTION open_at(instant timestamptz) RETURNS SETOF csflow.ticket LANGUAGE sql STABLE AS $$
  SELECT t.* FROM csflow.ticket t WHERE t.opened_at <= instant AND t.state NOT IN ('duplicate', 'invalid')
    AND NOT coalesce((SELECT e.is_done FROM live_event e WHERE e.desk_id = t.desk_id AND e.ticket_no = t.ticket_no AND e.at <= instant ORDER BY e.seq DESC LIMIT 1), false)
$$;
SELECT is((SELECT count(*) FROM backlog b WHERE b.cut IN ('total', 'team', 'channel') AND b.is_complete AND b.backlog_open_count <> (
    SELECT count(*) FROM open_at(b.bucket_end - interval '1 microsecond') t
    WHERE CASE b.cut WHEN 'team' THEN coalesce(t.team_id::text, '') WHEN 'channel' THEN t.channel ELSE '' END = b.value)), 0::bigint, 'G4: backlog at the end of each day, by total, team and channel');
SELECT is((SELECT backlog_open_count FROM backlog WHERE cut = 'total' AND NOT is_complete), (SELECT count(*) FROM open_at('infinity')), 'and now');
SELECT is((SELECT sum(net_flow_by_event)::bigint FROM net_flow WHERE cut = 'total'), (SELECT count(*) FROM open_at('infinity')), 'net flows add up to the stock');
SELECT is((SELECT string_agg(format('%s %s %s', at, basis, age_band), ', ') FROM unnest('{2025-03-07 03:00,2025-03-11 14:00,2025-03-25 09:00,2025-04-03 13:00}'::timestamptz[]) at,
    backlog_ageing_at(:desk, at) b WHERE b.open_count <> (SELECT count(*) FROM open_at(at) t CROSS JOIN LATERAL (
      SELECT at - CASE b.basis WHEN 'opened' THEN t.opened_at ELSE coalesce((SELECT max(e.at) FROM event e WHERE e.ticket_no = t.ticket_no AND e.kind = 'reply' AND e.at <= b_at.at), t.opened_at) END AS age
      FROM (SELECT at) b_at) a WHERE extract(epoch FROM a.age) >= b.from_seconds AND (b.to_seconds IS NULL OR extract(epoch FROM a.age) < b.to_seconds))), NULL,
  'G4: backlog by age and by time since the last reply, at four instants');
SELECT is((SELECT count(*) FROM backlog_ageing), 12::bigint, 'six bands, two bases');

-- First response, transfers.
SELECT is((SELECT count(*) FROM first_response v JOIN health_daily h USING (desk_id, cut, value, bucket_date)
  WHERE v.first_reply_bus_p90_seconds IS DISTINCT FROM h.first_reply_bus_p90_seconds OR v.next_reply_count_by_event <> h.next_reply_count_by_event), 0::bigint, 'G1: first_response shows the same figures');
SELECT is((SELECT (sum(transferred_count_by_created), sum(transfers_count_by_created))::text FROM transfers WHERE cut = 'total'),
  (SELECT (count(*) FILTER (WHERE n > 0), sum(n))::text FROM (SELECT count(e.*) FILTER (WHERE e.kind = 'transferred') AS n FROM ticket t LEFT JOIN event e USING (desk_id, ticket_no)
    WHERE t.state NOT IN ('duplicate', 'invalid') GROUP BY t.ticket_no) x), 'G1, C4: transfers are the events transferred');

-- Heat map: DST-proof.
SELECT is((SELECT (count(*), sum(slots), sum(contacts))::text FROM heatmap_at(:desk, '2025-03-03', '2025-03-17') WHERE cut = 'total'),
  (SELECT (168, 335, count(*))::text FROM total WHERE measure = 'opened' AND at < '2025-03-17'), 'G4: two weeks with the change to summer time have 335 hours');
SELECT is((SELECT (slots, contacts)::text FROM heatmap_at(:desk, '2025-03-03', '2025-03-17') WHERE cut = 'total' AND weekday = 7 AND hour = 2), '(1,' ||
  (SELECT count(*) FROM total WHERE measure = 'opened' AND extract(isodow FROM at) = 7 AND extract(hour FROM at) = 2 AND at < '2025-03-17') || ')', 'the hour that was skipped came once');
SELECT is((SELECT count(*) FROM heatmap h WHERE h.contacts <> (SELECT count(*) FROM o x WHERE x.cut = h.cut AND x.value = h.value AND x.measure = 'opened' AND x.at < '2025-04-03'
  AND extract(isodow FROM x.at) = h.weekday AND extract(hour FROM x.at) = h.hour)), 0::bigint, 'G4: heatmap, every slot of every cut');
SELECT is((SELECT array_agg(DISTINCT slots) FROM heatmap), '{3,4,5}'::bigint[], 'a young desk: 31 days are four weeks and three days, with one hour skipped');

-- Hot issues: share, change against the days before, nothing over a base of nothing.
SELECT results_eq($$SELECT category_id::text, opened_count, base_count, round(share_pct::numeric, 6), round(growth_pct::numeric, 6), is_base_small FROM hot_issues_at($$ || :desk || $$, '2025-03-05', '2025-03-07', 5)$$,
  $$SELECT nullif(value, ''), sum(n) FILTER (WHERE at >= '2025-03-05'), coalesce(sum(n) FILTER (WHERE at < '2025-03-05'), 0),
      round(100.0 * sum(n) FILTER (WHERE at >= '2025-03-05') / (SELECT count(*) FROM total WHERE measure = 'opened' AND at >= '2025-03-05' AND at < '2025-03-07'), 6),
      round(100.0 * (sum(n) FILTER (WHERE at >= '2025-03-05') - coalesce(sum(n) FILTER (WHERE at < '2025-03-05'), 0)) / sum(n) FILTER (WHERE at < '2025-03-05'), 6),
      coalesce(sum(n) FILTER (WHERE at < '2025-03-05'), 0) < 20
    FROM o WHERE cut = 'category' AND measure = 'opened' AND at >= '2025-03-03' AND at < '2025-03-07' GROUP BY value
    HAVING sum(n) FILTER (WHERE at >= '2025-03-05') > 0 ORDER BY 2 DESC, value LIMIT 5$$, 'G4: hot issues with share and change');
SELECT is((SELECT count(*) FROM hot_issues_at(:desk, '2025-04-01', '2025-04-10') WHERE growth_pct IS NOT NULL), 0::bigint, 'no growth over a period that is not complete');
SELECT is((SELECT count(*) FROM hot_issues_at(:desk, '2025-03-01', '2025-03-04') WHERE growth_pct IS NOT NULL OR base_count > 0), 0::bigint, 'no growth over a base of 0');

-- Agents.
SELECT results_eq('SELECT agent_id, open_count, working_count + waiting_count, free_capacity, occupancy_pct FROM agent_load ORDER BY 1',
  $$SELECT a.agent_id, count(t.*), count(t.*), greatest(a.capacity - count(t.*), 0), NULL::float8 FROM agent a
    LEFT JOIN ticket t ON t.desk_id = a.desk_id AND t.agent_id = a.agent_id AND state_category(t.state) NOT IN ('solved', 'closed')
    WHERE NOT a.is_bot GROUP BY a.agent_id, a.capacity ORDER BY 1$$, 'I6: agent_load; occupancy is unknown without a log of presence');

-- Late causes: as many as the attainment counts breaches, each with its cause.
INSERT INTO late_cause (desk_id, ticket_no, clock, run, cause)
SELECT desk_id, ticket_no, clock, run, CASE WHEN run % 2 = 0 THEN 'resources' ELSE 'process_design' END FROM clock
WHERE outcome = 'breached' AND ticket_serial(ticket_no) % 3 = 0;
SELECT results_eq('SELECT clock, sum(late_count), max(total_count), round(sum(share_pct)::numeric, 6) FROM late_causes_at(' || :desk || $$, '-infinity', 'infinity') GROUP BY 1 ORDER BY 1$$,
  $$SELECT clock, sum(breached_count + overdue_count), sum(breached_count + overdue_count)::bigint, 100.000000 FROM attainment WHERE breached_count + overdue_count > 0 GROUP BY 1 ORDER BY 1$$,
  'G5: late causes account for every broken promise');
SELECT results_eq('SELECT cause, sum(late_count) FROM late_causes_at(' || :desk || $$, '-infinity', 'infinity') WHERE cause IS NOT NULL GROUP BY 1 ORDER BY 1$$,
  $$SELECT cause, count(*)::numeric FROM late_cause JOIN clock USING (desk_id, ticket_no, clock, run) JOIN ticket t USING (desk_id, ticket_no)
    WHERE t.state NOT IN ('duplicate', 'invalid') AND clock IN (SELECT clock FROM attainment) GROUP BY 1 ORDER BY 1$$, 'G5: by cause');

-- First-contact resolution with another number of days.
SELECT is((SELECT array_agg(f.first_contact_count ORDER BY d) FROM unnest('{0,1,7,60}'::int[]) d, first_contact_resolution(:desk, '2025-03-01', '2025-05-01', d) f),
  (SELECT array_agg((SELECT count(*) FROM total s WHERE s.measure = 'first_resolution'
      AND (SELECT count(*) FROM event e WHERE e.ticket_no = s.ticket_no AND e.kind = 'reply') = 1
      AND NOT EXISTS (SELECT FROM total r WHERE r.ticket_no = s.ticket_no AND r.measure = 'reopening' AND r.at <= s.at + make_interval(days => d))) ORDER BY d) FROM unnest('{0,1,7,60}'::int[]) d),
  'G2: first-contact resolution within 0, 1, 7, 60 days');

-- The same tickets computed from nothing are the same figures.
CREATE TABLE before AS SELECT cut, bucket_start, value, measure, event_count, cal::text, bus::text FROM health_hour WHERE event_count <> 0;
SELECT is(rebuild_health(:desk), (SELECT count(*) FROM ticket WHERE desk_id = :desk), 'rebuild_health marks every ticket');
SELECT is((SELECT count(*) FROM health_hour) + (SELECT count(*) FROM ticket_fact), 0::bigint, 'and forgets the rest');
SELECT refresh_health_batch('2025-04-03 13:00', 1000) \g /dev/null
SELECT is((SELECT count(*) FROM (SELECT * FROM before EXCEPT SELECT cut, bucket_start, value, measure, event_count, cal::text, bus::text FROM health_hour) d), 0::bigint, 'built anew to the last byte');
SELECT is((SELECT count(*) FROM health_hour WHERE event_count <> 0), (SELECT count(*) FROM before), 'and nothing else');

-- Tickets whose events left with their month keep their figures.
SELECT ticket_no AS kept FROM ticket_fact WHERE solved_at IS NOT NULL ORDER BY ticket_no LIMIT 1 \gset
ALTER TABLE event DISABLE TRIGGER USER;
DELETE FROM event WHERE ticket_no = :'kept';
ALTER TABLE event ENABLE TRIGGER USER;
INSERT INTO health_dirty VALUES (:desk, :'kept');
SELECT refresh_health_batch('2025-04-03 13:00', 1000) \g /dev/null
SELECT is((SELECT count(*) FROM ticket_fact WHERE ticket_no = :'kept'), 1::bigint, 'I5: after the events have gone the fact stays');
SELECT rebuild_health(:desk) \g /dev/null
SELECT refresh_health_batch('2025-04-03 13:00', 1000) \g /dev/null
SELECT is((SELECT count(*) FROM (SELECT * FROM before EXCEPT SELECT cut, bucket_start, value, measure, event_count, cal::text, bus::text FROM health_hour) d), 0::bigint, 'I5: also when built anew');

-- One bad ticket does not stop the others; another isolation level is refused.
SELECT ticket_no AS bad FROM ticket_fact ORDER BY ticket_no DESC LIMIT 1 \gset
CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'spoilt'; END $$;
CREATE TRIGGER spoil BEFORE INSERT ON ticket_fact FOR EACH ROW WHEN (NEW.channel = 'help_centre') EXECUTE FUNCTION spoil();
UPDATE ticket SET channel = 'help_centre', changed_at = '2025-04-03 14:00' WHERE ticket_no = :'bad';
INSERT INTO health_dirty SELECT :desk, ticket_no FROM ticket_fact;
SELECT is(refresh_health_batch('2025-04-03 15:00', 1000), (SELECT count(*)::int FROM ticket_fact), '2.12: all are looked at');
SELECT is((SELECT string_agg(format('%s %s', ticket_no, error), ',') FROM set_aside WHERE job = 'refresh_health'), :'bad' || ' spoilt', '2.12: the bad one is set aside');
SELECT is((SELECT count(*) FROM health_dirty), 0::bigint, '2.12: and no longer in the queue');
DROP TRIGGER spoil ON ticket_fact;
SELECT refresh_health_batch('2025-04-03 15:00:30', 1000) \g /dev/null
SELECT is((SELECT count(*) FROM set_aside WHERE job = 'refresh_health'), 1::bigint, '2.12: it waits a minute');
SELECT refresh_health_batch('2025-04-03 15:02', 1000) \g /dev/null
SELECT is((SELECT count(*) FROM set_aside WHERE job = 'refresh_health'), 0::bigint, '2.12: then it is tried again');
SELECT is((SELECT channel FROM ticket_fact WHERE ticket_no = :'bad'), 'help_centre', '2.12: with success');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT throws_ok('SELECT refresh_health_batch()', '25000', 'health figures cannot be refreshed at isolation level repeatable read', 'only READ COMMITTED');
ROLLBACK;
SELECT throws_ok('SELECT refresh_health_batch(now(), 0)', '22023', 'batch of 0 tickets', 'a batch of nothing is refused');

-- The procedure commits each batch and notes its progress.
INSERT INTO health_dirty SELECT :desk, ticket_no FROM ticket_fact;
CALL refresh_health('2025-04-04 13:00', 20);
SELECT is((SELECT (rows, error)::text FROM job_run WHERE job = 'refresh_health'), (SELECT (count(*), NULL)::text FROM ticket_fact), 'H3: the run and its rows are recorded');
SELECT is((SELECT finished_at IS NOT NULL FROM job_run WHERE job = 'refresh_health'), true, 'H3: finished');
SELECT is((SELECT refreshed_to FROM health_progress WHERE desk_id = :desk), '2025-04-04 13:00'::timestamptz, 'complete up to its instant');
SELECT * FROM finish();
