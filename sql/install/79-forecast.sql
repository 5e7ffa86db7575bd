-- What is to come: tickets a day by kind, and the staff that asks for (handbook G6).

CREATE FUNCTION csflow.campaign_factor(desk_id bigint, kind text, day date) RETURNS double precision
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN coalesce((
    SELECT exp(sum(ln(c.factor))) FROM csflow.campaign AS c
    WHERE c.desk_id = campaign_factor.desk_id AND c.last_day >= campaign_factor.day AND c.first_day <= campaign_factor.day
      AND (c.kind IS NULL OR c.kind = campaign_factor.kind)), 1);
END
$$;
COMMENT ON FUNCTION csflow.campaign_factor(bigint, text, date) IS
'How many times the tickets of an ordinary day are expected on a day, for campaigns: the product of the factors of those of all kinds and of this kind (NULL: of all kinds only); 1 without any. Handbook G6.';

CREATE FUNCTION csflow.daily_tickets(desk_id bigint, first_day date, last_day date)
RETURNS TABLE (kind text, day date, ticket_count bigint)
LANGUAGE plpgsql STABLE ROWS 2000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  WITH counted AS MATERIALIZED (
    SELECT nullif(h.value, '') AS kind, h.bucket_date AS day, h.event_count AS tickets
    FROM csflow.health_day AS h
    WHERE h.desk_id = daily_tickets.desk_id AND h.cut IN ('total', 'kind') AND h.measure = 'opened' AND (h.cut = 'total' OR h.value <> '')
      AND h.bucket_date >= daily_tickets.first_day AND h.bucket_date <= daily_tickets.last_day AND h.event_count > 0
  )
  -- The first day on which the desk had any ticket begins every series: before it there was nothing to count.
  SELECT k.kind, g.day::date, coalesce(n.tickets, 0)
  FROM (SELECT DISTINCT c.kind FROM counted AS c) AS k
  CROSS JOIN csflow.health_progress AS p
  CROSS JOIN generate_series((SELECT min(c.day) FROM counted AS c)::timestamp,
    least(daily_tickets.last_day::timestamp, date_trunc('day', p.refreshed_to AT TIME ZONE p.zone) - interval '1 day'), interval '1 day') AS g (day)
  LEFT JOIN counted AS n ON n.kind IS NOT DISTINCT FROM k.kind AND n.day = g.day
  WHERE p.desk_id = daily_tickets.desk_id AND isfinite(p.refreshed_to)
  ORDER BY k.kind COLLATE "C" NULLS FIRST, g.day;
END
$$;
COMMENT ON FUNCTION csflow.daily_tickets(bigint, date, date) IS
'Tickets opened on each day from first_day to last_day in the report zone, in total (kind NULL) and by kind, as csflow.health_daily has them: days without any as 0, from the first of these days on which there was one, to the last that was complete at the last refresh_health. Handbook G4, G6.';

CREATE FUNCTION csflow.forecast_at(desk_id bigint, at timestamptz DEFAULT now(), days integer DEFAULT 14, history_days integer DEFAULT 182,
  confidence double precision DEFAULT 0.95)
RETURNS TABLE (kind text, caption_zh text, caption_en text, bucket_date date, bucket_start timestamptz, zone text, step integer,
  expected_count double precision, low_count double precision, high_count double precision, campaign_factor double precision,
  confidence_pct double precision, history_day_count integer, compared_count bigint, mae double precision, naive_mae double precision,
  relative_mae double precision, mase double precision, coverage_pct double precision)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  report_zone text;
  today date;
  unknown integer;
BEGIN
  PERFORM csflow.require_desk(forecast_at.desk_id);
  IF coalesce(days BETWEEN 1 AND 366 AND history_days BETWEEN 1 AND 3660 AND confidence > 0 AND confidence < 1 AND isfinite(at), false) = false THEN
    RAISE EXCEPTION 'forecast of % days from % days before % with confidence %', coalesce(days::text, 'NULL'), coalesce(history_days::text, 'NULL'),
      coalesce(at::text, 'NULL'), coalesce(confidence::text, 'NULL')
      USING ERRCODE = '22023', HINT = 'Give a finite instant, 1 to 366 days, 1 to 3660 days of history, and a confidence of more than 0 and less than 1.';
  END IF;
  SELECT p.zone, (forecast_at.at AT TIME ZONE p.zone)::date, (forecast_at.at AT TIME ZONE p.zone)::date - (p.refreshed_to AT TIME ZONE p.zone)::date
  INTO report_zone, today, unknown
  FROM csflow.health_progress AS p WHERE p.desk_id = forecast_at.desk_id AND isfinite(p.refreshed_to);
  -- Days that the figures do not hold yet are forecast too, and not shown.
  IF report_zone IS NULL OR unknown > 366 THEN
    RETURN;
  END IF;
  unknown := greatest(unknown, 0);
  RETURN QUERY
  WITH series AS MATERIALIZED (
    SELECT n.kind, array_agg(n.ticket_count / csflow.campaign_factor(forecast_at.desk_id, n.kind, n.day) ORDER BY n.day) AS counts
    FROM csflow.daily_tickets(forecast_at.desk_id, today - history_days, today - 1) AS n
    GROUP BY n.kind
  )
  SELECT s.kind, c.zh, c.en, x.day, x.day::timestamp AT TIME ZONE report_zone, report_zone, f.step - unknown,
    greatest(f.value, 0) * x.factor, greatest(f.low, 0) * x.factor, greatest(f.high, 0) * x.factor, x.factor, 100 * confidence,
    cardinality(s.counts), e.compared, e.mae, e.naive_mae, e.relative_mae, e.mase, e.coverage_pct
  FROM series AS s
  CROSS JOIN LATERAL csflow.forecast_error(s.counts, days, 7, confidence) AS e
  CROSS JOIN LATERAL csflow.forecast(s.counts, days + unknown, 7, confidence) AS f
  CROSS JOIN LATERAL (SELECT today + f.step - unknown - 1 AS day,
    csflow.campaign_factor(forecast_at.desk_id, s.kind, today + f.step - unknown - 1) AS factor) AS x
  CROSS JOIN LATERAL csflow.cut_caption(forecast_at.desk_id, CASE WHEN s.kind IS NULL THEN 'all' ELSE 'kind' END, s.kind) AS c
  WHERE f.step > unknown
  ORDER BY s.kind COLLATE "C" NULLS FIRST, f.step;
END
$$;
COMMENT ON FUNCTION csflow.forecast_at(bigint, timestamptz, integer, integer, double precision) IS
'What csflow.forecast shows, as of the instant at: so many days from that day on, from the so many whole days before it, as far as the last refresh_health knows them (csflow.daily_tickets()). Empty without any, or when that was more than 366 days before. Errors: SF001 unknown desk, 22023 an argument out of range, SF014 no flow. Handbook G6.';

CREATE FUNCTION csflow.shifts(desk_id bigint, first_day date, days integer) RETURNS TABLE (starts timestamptz, ends timestamptz)
LANGUAGE plpgsql STABLE ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  desk record;
  day_starts timestamptz;
  day_ends timestamptz;
BEGIN
  IF first_day IS NULL OR NOT isfinite(first_day) OR days IS NULL OR days NOT BETWEEN 1 AND 366 THEN
    RAISE EXCEPTION 'shifts of % days from %', coalesce(days::text, 'NULL'), coalesce(first_day::text, 'NULL')
      USING ERRCODE = '22023', HINT = 'Give a finite date and a number of days from 1 to 366.';
  END IF;
  SELECT d.zone, w.calendar INTO desk FROM csflow.desk AS d
  LEFT JOIN csflow.working_calendar AS w ON w.desk_id = d.desk_id AND w.code = d.shift_calendar WHERE d.desk_id = shifts.desk_id;
  FOR n IN 0 .. days - 1 LOOP
    day_starts := (first_day + n)::timestamp AT TIME ZONE desk.zone;
    day_ends := (first_day + n + 1)::timestamp AT TIME ZONE desk.zone;
    starts := CASE WHEN desk.calendar IS NULL THEN day_starts ELSE csflow.business_next_open(desk.calendar, day_starts) END;
    WHILE starts < day_ends LOOP
      ends := least(CASE WHEN desk.calendar IS NULL THEN day_ends ELSE csflow.business_next_close(desk.calendar, starts) END, day_ends);
      RETURN NEXT;
      starts := CASE WHEN desk.calendar IS NULL THEN day_ends ELSE csflow.business_next_open(desk.calendar, ends) END;
    END LOOP;
  END LOOP;
END
$$;
COMMENT ON FUNCTION csflow.shifts(bigint, date, integer) IS
'The shifts of the desk''s shift_calendar on so many days from first_day, in the desk''s zone; without such a calendar each day is one. Errors: 22023 a date that is not finite, days not from 1 to 366. Handbook D8, G6.';

CREATE FUNCTION csflow.staff_needed(desk_id bigint, handling interval, first_day date DEFAULT NULL, days integer DEFAULT 7,
  occupancy_pct double precision DEFAULT 80, target_pct double precision DEFAULT 80, wait interval DEFAULT '30 seconds',
  at timestamptz DEFAULT now())
RETURNS TABLE (shift_start timestamptz, shift_end timestamptz, expected_count double precision, high_count double precision,
  workload_agents bigint, live_agents bigint, agents bigint)
LANGUAGE plpgsql STABLE ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  desk_zone text;
  today date;
  handling_seconds double precision := extract(epoch FROM handling);
BEGIN
  PERFORM csflow.require_desk(staff_needed.desk_id);
  SELECT coalesce(p.zone, d.zone) INTO desk_zone FROM csflow.desk AS d LEFT JOIN csflow.health_progress AS p ON p.desk_id = d.desk_id
  WHERE d.desk_id = staff_needed.desk_id;
  today := (staff_needed.at AT TIME ZONE desk_zone)::date;
  first_day := coalesce(first_day, today);
  IF coalesce(handling_seconds > 0 AND occupancy_pct > 0 AND occupancy_pct <= 100 AND target_pct > 0 AND target_pct < 100
      AND wait >= interval '0' AND days >= 1 AND first_day >= today AND first_day + days <= today + 366, false) = false THEN
    RAISE EXCEPTION 'staff of % days from %, % a ticket, % percent occupied, % percent within %', coalesce(days::text, 'NULL'), first_day,
      coalesce(handling::text, 'NULL'), coalesce(occupancy_pct::text, 'NULL'), coalesce(target_pct::text, 'NULL'), coalesce(wait::text, 'NULL')
      USING ERRCODE = '22023', HINT = 'Give days within a year from today, a positive handling time, an occupancy of up to 100 and a target below 100 percent.';
  END IF;
  RETURN QUERY
  WITH expected AS MATERIALIZED (
    SELECT f.bucket_date, f.expected_count, f.high_count
    FROM csflow.forecast_at(staff_needed.desk_id, staff_needed.at, first_day + days - today) AS f WHERE f.kind IS NULL
  ), came AS MATERIALIZED (
    SELECT extract(isodow FROM l.local) AS weekday, extract(hour FROM l.local)::integer AS hour, n.is_instant, sum(h.event_count) AS tickets
    FROM csflow.health_hour AS h
    JOIN csflow.channel AS n ON n.desk_id = h.desk_id AND n.channel = h.value
    CROSS JOIN LATERAL (SELECT h.bucket_start AT TIME ZONE desk_zone AS local) AS l
    WHERE h.desk_id = staff_needed.desk_id AND h.cut = 'channel' AND h.measure = 'opened' AND h.event_count > 0
      AND h.bucket_start >= (today - 56)::timestamp AT TIME ZONE desk_zone AND h.bucket_start < today::timestamp AT TIME ZONE desk_zone
    GROUP BY 1, 2, 3
  ), profile AS (
    SELECT c.weekday, c.hour, c.is_instant, c.tickets / sum(c.tickets) OVER (PARTITION BY c.weekday) AS share FROM came AS c
  ), shift AS MATERIALIZED (
    SELECT s.starts, s.ends, lag(s.ends) OVER (ORDER BY s.starts) AS last_end FROM csflow.shifts(staff_needed.desk_id, first_day, days) AS s
  ), arrival AS (
    -- What comes while nobody works waits for the next shift.
    SELECT s.starts, s.ends, a.at >= s.starts AS is_inside, a.at, p.is_instant, p.share * e.expected_count AS expected, p.share * e.high_count AS high
    FROM expected AS e
    JOIN profile AS p ON p.weekday = extract(isodow FROM e.bucket_date)
    CROSS JOIN LATERAL (SELECT (e.bucket_date + p.hour * interval '1 hour') AT TIME ZONE desk_zone AS at) AS a
    JOIN shift AS s ON a.at < s.ends AND (a.at >= s.last_end OR s.last_end IS NULL)
    WHERE e.bucket_date >= first_day
  ), slot AS (
    SELECT a.starts, sum(a.expected) AS live FROM arrival AS a WHERE a.is_inside AND a.is_instant GROUP BY a.starts, a.at
  ), busiest AS (
    SELECT s.starts, max(s.live) AS live FROM slot AS s GROUP BY s.starts
  ), needed AS (
    SELECT s.starts, s.ends, coalesce(sum(a.expected), 0)::double precision AS expected,
      CASE WHEN count(a.high) = count(a.starts) THEN coalesce(sum(a.high), 0) END::double precision AS high
    FROM shift AS s LEFT JOIN arrival AS a ON a.starts = s.starts
    GROUP BY s.starts, s.ends
  )
  SELECT n.starts, n.ends, n.expected, n.high, v.workload, v.live, greatest(v.workload, v.live)
  FROM needed AS n
  LEFT JOIN busiest AS b ON b.starts = n.starts
  CROSS JOIN LATERAL (SELECT
    ceil(n.expected * handling_seconds / (extract(epoch FROM n.ends - n.starts)::double precision * occupancy_pct / 100))::bigint AS workload,
    csflow.erlang_agents(coalesce(b.live, 0), handling_seconds, target_pct, extract(epoch FROM wait)::double precision) AS live) AS v
  WHERE EXISTS (SELECT FROM expected)
  ORDER BY n.starts;
END
$$;
COMMENT ON FUNCTION csflow.staff_needed(bigint, interval, date, integer, double precision, double precision, interval, timestamptz) IS
'Agents needed in each shift of the desk''s shift_calendar, on so many days from first_day (NULL: today). The forecast of each day is spread over it as the tickets of the same weekday of the last eight weeks were, by the hours of csflow.health_hour; what comes between shifts waits for the next; work left over from before first_day is not counted. workload_agents: expected tickets × handling (mean time one takes) over the shift''s length × occupancy_pct. live_agents: by Erlang C for instant channels in the shift''s busiest hour, so that target_pct percent wait at most wait. agents: the greater. high_count: expected tickets at the upper end of the 95 % interval of each day. Empty without any ticket to learn from. Errors: SF001, 22023 an argument out of range. Handbook G6.';
