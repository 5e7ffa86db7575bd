-- Weekly samples for review, and periods compared (handbook G8).

CREATE FUNCTION csflow.weekly_sample(desk_id bigint, week date, per_stratum integer DEFAULT NULL)
RETURNS TABLE (ticket_no csflow.ticket_no, kind text, priority csflow.priority, score_band text, stratum_count bigint, place integer)
LANGUAGE plpgsql STABLE ROWS 50
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  monday date := date_trunc('week', week::timestamp)::date;
  desk record;
BEGIN
  PERFORM csflow.require_desk(weekly_sample.desk_id);
  IF per_stratum < 0 OR week IS NULL THEN
    RAISE EXCEPTION 'sample of % tickets a stratum of week %', per_stratum, coalesce(week::text, 'NULL') USING ERRCODE = '22023';
  END IF;
  SELECT d.zone, d.sample_size INTO desk FROM csflow.desk AS d WHERE d.desk_id = weekly_sample.desk_id;
  RETURN QUERY
  SELECT r.ticket_no, r.kind, r.priority, r.band, r.tickets, r.place::integer
  FROM (
    SELECT t.ticket_no, t.kind, t.priority, b.band, count(*) OVER (PARTITION BY t.kind, t.priority, b.band) AS tickets,
      row_number() OVER (PARTITION BY t.kind, t.priority, b.band ORDER BY
        sha256(convert_to(t.desk_id::text || ' ' || to_char(monday, 'YYYY-MM-DD') || ' ' || t.ticket_no::text, 'UTF8')), t.ticket_no) AS place
    FROM csflow.ticket AS t
    LEFT JOIN csflow.survey AS s ON s.desk_id = t.desk_id AND s.ticket_no = t.ticket_no
    CROSS JOIN LATERAL (SELECT CASE s.is_low WHEN true THEN 'low' WHEN false THEN 'good' ELSE 'none' END AS band) AS b
    WHERE t.desk_id = weekly_sample.desk_id AND t.opened_at >= monday::timestamp AT TIME ZONE desk.zone
      AND t.opened_at < (monday + 7)::timestamp AT TIME ZONE desk.zone
      AND t.state NOT IN ('duplicate', 'invalid') AND t.source NOT IN ('incident', 'surge')) AS r
  WHERE r.place <= coalesce(per_stratum, desk.sample_size)
  ORDER BY r.kind COLLATE "C", r.priority DESC, r.band, r.place;
END
$$;
COMMENT ON FUNCTION csflow.weekly_sample(bigint, date, integer) IS
'A sample of the tickets opened in the week of a date (Monday to Sunday in the desk''s zone): of each kind, priority and score band (low, good, none) the first per_stratum (NULL: desk.sample_size) in the order of the SHA-256 of desk, Monday and ticket number, so that nobody chooses and anybody can draw it again. stratum_count: tickets of that kind, priority and band in the week; place: within these. Duplicate and invalid tickets and those csflow opened itself are left out. Errors: SF001, 22023 no week or a negative per_stratum. Handbook G8.';

CREATE FUNCTION csflow.draw_weekly_sample(desk_id bigint, week date, at timestamptz DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  drawn integer;
BEGIN
  -- The desk's row: of two at once the second finds the sample of the first.
  PERFORM FROM csflow.desk AS d WHERE d.desk_id = draw_weekly_sample.desk_id FOR NO KEY UPDATE;
  INSERT INTO csflow.sample (desk_id, week, ticket_no, kind, priority, score_band, stratum_count, place, drawn_at)
  SELECT draw_weekly_sample.desk_id, date_trunc('week', draw_weekly_sample.week::timestamp)::date, s.ticket_no, s.kind, s.priority, s.score_band,
    s.stratum_count, s.place, csflow.sweep_instant(draw_weekly_sample.at)
  FROM csflow.weekly_sample(draw_weekly_sample.desk_id, draw_weekly_sample.week) AS s
  WHERE NOT EXISTS (SELECT FROM csflow.sample AS o
    WHERE o.desk_id = draw_weekly_sample.desk_id AND o.week = date_trunc('week', draw_weekly_sample.week::timestamp)::date)
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS drawn = ROW_COUNT;
  RETURN drawn;
END
$$;
COMMENT ON FUNCTION csflow.draw_weekly_sample(bigint, date, timestamptz) IS
'Keeps csflow.weekly_sample() of a week in csflow.sample, unless that week has one. at: when it was drawn, NULL means now. Returns how many tickets. Errors: SF001, SF009, 22023. Handbook G8.';

CREATE FUNCTION csflow.weekly_sample_batch(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  instant timestamptz := csflow.sweep_instant(at);
  due record;
  drawn integer := 0;
BEGIN
  -- A server that was down on a Monday owes that week; what lies further back than a quarter nobody reviews any more.
  FOR due IN SELECT d.desk_id, w.week::date AS week FROM csflow.desk AS d
      CROSS JOIN LATERAL (SELECT date_trunc('week', instant AT TIME ZONE d.zone) - interval '7 days' AS last) AS l
      CROSS JOIN LATERAL generate_series(greatest(l.last - interval '84 days', coalesce((SELECT max(s.week) FROM csflow.sample AS s
        WHERE s.desk_id = d.desk_id AND s.week < l.last) + interval '7 days', l.last)), l.last, interval '7 days') AS w (week)
    WHERE d.sample_size > 0 ORDER BY d.desk_id, w.week
  LOOP
    drawn := drawn + csflow.draw_weekly_sample(due.desk_id, due.week, instant);
    EXIT WHEN drawn >= batch;
  END LOOP;
  RETURN drawn;
END
$$;
COMMENT ON FUNCTION csflow.weekly_sample_batch(timestamptz, integer) IS
'Draws the sample of the last whole week before the instant at for one desk after the other, where it was not drawn, until batch tickets were; and before it those of the weeks since the last one drawn, of a quarter at most, which nobody was there to draw. Returns how many, 0 when nothing is left to do. Errors as csflow.draw_weekly_sample. Handbook G8.';

CREATE FUNCTION csflow.period_values(desk_id bigint, measure text, opened_from timestamptz, opened_before timestamptz)
RETURNS SETOF double precision
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF measure = 'tickets_per_day' THEN
    RETURN QUERY
    SELECT count(t.ticket_no)::double precision
    FROM csflow.desk AS d
    CROSS JOIN generate_series(date_trunc('day', opened_from AT TIME ZONE d.zone),
      date_trunc('day', opened_before AT TIME ZONE d.zone) - interval '1 day', interval '1 day') AS g (day)
    LEFT JOIN csflow.ticket AS t ON t.desk_id = d.desk_id AND t.opened_at >= g.day AT TIME ZONE d.zone
      AND t.opened_at < (g.day + interval '1 day') AT TIME ZONE d.zone AND t.state NOT IN ('duplicate', 'invalid')
    WHERE d.desk_id = period_values.desk_id
    GROUP BY g.day;
    RETURN;
  END IF;
  RETURN QUERY
  SELECT v.value
  FROM csflow.ticket AS t
  LEFT JOIN csflow.survey AS s ON s.desk_id = t.desk_id AND s.ticket_no = t.ticket_no
  CROSS JOIN LATERAL (SELECT (CASE measure
    WHEN 'first_response_seconds' THEN extract(epoch FROM t.first_response_at - t.opened_at)
    WHEN 'answer_seconds' THEN extract(epoch FROM t.answered_at - t.opened_at)
    WHEN 'close_seconds' THEN extract(epoch FROM t.closed_at - t.opened_at)
    WHEN 'csat_mean' THEN s.overall
    WHEN 'ces_mean' THEN s.ces
    WHEN 'nps' THEN CASE WHEN s.nps >= 9 THEN 100 WHEN s.nps <= 6 THEN -100 WHEN s.nps IS NOT NULL THEN 0 END
    WHEN 'csat_pct' THEN (s.overall >= 4)::integer
    WHEN 'low_score_pct' THEN s.is_low::integer
    WHEN 'reopen_pct' THEN CASE WHEN t.answered_at IS NOT NULL OR t.closed_at IS NOT NULL OR t.reopen_count > 0 THEN (t.reopen_count > 0)::integer END
    WHEN 'transfer_pct' THEN (t.transfer_count > 0)::integer
    END)::double precision AS value) AS v
  WHERE t.desk_id = period_values.desk_id AND t.opened_at >= opened_from AND t.opened_at < opened_before AND measure <> 'sla_met_pct'
    AND t.state NOT IN ('duplicate', 'invalid') AND v.value IS NOT NULL
  UNION ALL
  SELECT (c.outcome = 'met')::integer
  FROM csflow.ticket AS t
  JOIN csflow.clock AS c ON c.desk_id = t.desk_id AND c.ticket_no = t.ticket_no AND c.outcome IN ('met', 'breached')
  WHERE t.desk_id = period_values.desk_id AND t.opened_at >= opened_from AND t.opened_at < opened_before AND measure = 'sla_met_pct'
    AND t.state NOT IN ('duplicate', 'invalid') AND NOT EXISTS (SELECT FROM csflow.step AS p
      WHERE p.desk_id = c.desk_id AND p.target_id = c.target_id AND p.action = 'close')
    AND NOT EXISTS (SELECT FROM csflow.target AS g WHERE g.desk_id = c.desk_id AND g.target_id = c.target_id AND g.is_window);
END
$$;
COMMENT ON FUNCTION csflow.period_values(bigint, text, timestamptz, timestamptz) IS
'The values of a measure of csflow.compare_periods() of the tickets opened at or after opened_from and before opened_before: one a ticket, clock or day; 1 and 0 for shares. Handbook G8.';

CREATE FUNCTION csflow.compare_periods(desk_id bigint, measure text, before_from timestamptz, before_to timestamptz, after_from timestamptz,
  after_to timestamptz, confidence double precision DEFAULT 0.95, OUT unit text, OUT method text, OUT before_count bigint,
  OUT before_value double precision, OUT after_count bigint, OUT after_value double precision, OUT difference double precision,
  OUT low double precision, OUT high double precision, OUT is_significant boolean)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  n1 double precision;
  n2 double precision;
  v1 double precision;
  v2 double precision;
  spread double precision;
  w1 record;
  w2 record;
BEGIN
  PERFORM csflow.require_desk(compare_periods.desk_id);
  unit := CASE WHEN right(measure, 8) = '_seconds' THEN 'seconds' WHEN measure = 'tickets_per_day' THEN 'tickets'
    WHEN measure IN ('csat_mean', 'ces_mean') THEN 'score' WHEN measure = 'nps' THEN 'points' ELSE 'percent' END;
  IF coalesce(measure, '') NOT IN ('first_response_seconds', 'answer_seconds', 'close_seconds', 'tickets_per_day', 'csat_mean', 'ces_mean', 'nps',
    'csat_pct', 'low_score_pct', 'reopen_pct', 'transfer_pct', 'sla_met_pct') THEN
    RAISE EXCEPTION 'unknown measure "%"', measure USING ERRCODE = '22023',
      HINT = 'Measures are first_response_seconds, answer_seconds, close_seconds, tickets_per_day, csat_mean, ces_mean, nps, csat_pct, low_score_pct, reopen_pct, transfer_pct, sla_met_pct.';
  ELSIF coalesce(before_from < before_to AND after_from < after_to AND isfinite(before_from) AND isfinite(before_to) AND isfinite(after_from)
    AND isfinite(after_to), false) = false OR coalesce(confidence > 0 AND confidence < 1, false) = false THEN
    RAISE EXCEPTION 'periods from % to % and from % to %, confidence %', before_from, before_to, after_from, after_to, confidence
      USING ERRCODE = '22023', HINT = 'Each period begins before it ends, and confidence is more than 0 and less than 1.';
  END IF;
  SELECT count(*), avg(v), var_samp(v) INTO before_count, before_value, v1
  FROM csflow.period_values(compare_periods.desk_id, measure, before_from, before_to) AS v;
  SELECT count(*), avg(v), var_samp(v) INTO after_count, after_value, v2
  FROM csflow.period_values(compare_periods.desk_id, measure, after_from, after_to) AS v;
  n1 := before_count;
  n2 := after_count;
  method := CASE unit WHEN 'percent' THEN 'newcombe' ELSE 'welch' END;
  difference := after_value - before_value;
  IF method = 'newcombe' AND n1 > 0 AND n2 > 0 THEN
    SELECT w.* INTO w1 FROM csflow.wilson_interval(round(before_value * n1)::bigint, before_count, confidence) AS w;
    SELECT w.* INTO w2 FROM csflow.wilson_interval(round(after_value * n2)::bigint, after_count, confidence) AS w;
    low := difference - sqrt((after_value - w2.low) ^ 2 + (w1.high - before_value) ^ 2);
    high := difference + sqrt((w2.high - after_value) ^ 2 + (before_value - w1.low) ^ 2);
  ELSIF method = 'welch' AND n1 > 1 AND n2 > 1 THEN
    spread := v1 / n1 + v2 / n2;
    low := difference;
    high := difference;
    IF spread > 0 THEN
      spread := sqrt(spread) * csflow.student_quantile(0.5 + confidence / 2,
        spread ^ 2 / ((v1 / n1) ^ 2 / (n1 - 1) + (v2 / n2) ^ 2 / (n2 - 1)));
      low := difference - spread;
      high := difference + spread;
    END IF;
  END IF;
  is_significant := low > 0 OR high < 0;
  IF unit = 'percent' THEN
    before_value := 100 * before_value;
    after_value := 100 * after_value;
    difference := 100 * difference;
    low := 100 * low;
    high := 100 * high;
  END IF;
END
$$;
COMMENT ON FUNCTION csflow.compare_periods(bigint, text, timestamptz, timestamptz, timestamptz, timestamptz, double precision) IS
'A figure before and after an improvement, of the tickets opened in two periods (by_created; each from its first instant to before its last): count and value of both, difference = after - before, and the interval of the difference at that confidence; is_significant: it does not hold 0. NULL where there are too few values. Means (first_response_seconds, answer_seconds, close_seconds, elapsed; csat_mean, ces_mean; nps as the mean of 100, 0 and -100; tickets_per_day over whole days of the desk''s zone) by Welch: difference ± t × sqrt(v1/n1 + v2/n2), with t of Welch-Satterthwaite degrees of freedom. Shares (csat_pct, low_score_pct, reopen_pct, transfer_pct, sla_met_pct) by Newcombe''s method 10: with p, l, u the share and Wilson interval of each period, from d - sqrt((p2 - l2)^2 + (u1 - p1)^2) to d + sqrt((u2 - p2)^2 + (p1 - l1)^2). Errors: SF001 unknown desk, 22023 unknown measure, empty period, confidence not between 0 and 1. Handbook G8.';

REVOKE EXECUTE ON FUNCTION csflow.draw_weekly_sample(bigint, date, timestamptz), csflow.weekly_sample_batch(timestamptz, integer) FROM PUBLIC;
