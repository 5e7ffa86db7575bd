-- The surge watch: a category that grows beyond measure within 24 hours is investigated, once an episode (handbook G3). It counts by
-- csflow.health_hour, so that the number that fires is the number of the reports; a pass reads the hours of a few days.

CREATE FUNCTION csflow.surge_windows(desk_id bigint, at timestamptz)
RETURNS TABLE (name text, since timestamptz, until timestamptz, open_hours csflow.calendar)
LANGUAGE plpgsql STABLE ROWS 3
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  desk record;
  hour timestamptz;
  day_before timestamptz;
BEGIN
  SELECT d.surge_guard, w.calendar, coalesce(p.zone, d.zone) AS zone INTO desk FROM csflow.desk AS d
  LEFT JOIN csflow.working_calendar AS w ON w.desk_id = d.desk_id AND w.code = d.shift_calendar
  LEFT JOIN csflow.health_progress AS p ON p.desk_id = d.desk_id
  WHERE d.desk_id = surge_windows.desk_id;
  hour := date_trunc('hour', surge_windows.at, desk.zone);
  RETURN QUERY VALUES ('now', hour - interval '24 hours', hour, NULL::csflow.calendar),
    ('before', hour - interval '48 hours', hour - interval '24 hours', NULL);
  IF desk.surge_guard = 'same_weekday' THEN
    RETURN QUERY VALUES ('last_week', hour - interval '192 hours', hour - interval '168 hours', NULL::csflow.calendar);
  ELSIF desk.surge_guard = 'working_hours' AND desk.calendar IS NOT NULL THEN
    day_before := csflow.business_add(desk.calendar, hour, interval '-1 day');
    RETURN QUERY VALUES ('working_day', day_before, hour, desk.calendar),
      ('working_day_before', csflow.business_add(desk.calendar, hour, interval '-2 days'), day_before, desk.calendar);
  END IF;
END
$$;
COMMENT ON FUNCTION csflow.surge_windows(bigint, timestamptz) IS
'The spans of whole hours that the surge watch compares at the instant at: now, the 24 hours up to the hour of at; before, the 24 hours before these. With surge_guard same_weekday also last_week, the same 24 hours a week ago; with working_hours also working_day and working_day_before, the last working day of the desk''s shift_calendar and the one before it, of which only hours count in which it is open (open_hours). A span begins with its first instant and ends before its last. Handbook G3.';

CREATE FUNCTION csflow.surge_counts(desk_id bigint, at timestamptz DEFAULT now())
RETURNS TABLE (category_id bigint, now_count bigint, base_count bigint, last_week_count bigint, working_day_count bigint,
  working_day_base_count bigint, growth_pct double precision, is_surge boolean, counted_to timestamptz, is_complete boolean)
LANGUAGE plpgsql STABLE ROWS 30
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM csflow.require_desk(surge_counts.desk_id);
  RETURN QUERY
  WITH span AS MATERIALIZED (
    SELECT w.* FROM csflow.surge_windows(surge_counts.desk_id, surge_counts.at) AS w
  ), came AS (
    SELECT w.name, h.value, h.event_count
    FROM span AS w
    JOIN csflow.health_hour AS h ON h.desk_id = surge_counts.desk_id AND h.cut = 'category' AND h.measure = 'opened'
      AND h.bucket_start >= w.since AND h.bucket_start < w.until
    WHERE w.open_hours IS NULL
      OR csflow.business_between(w.open_hours, h.bucket_start, h.bucket_start + interval '1 hour') > interval '0'
  ), counted AS (
    SELECT c.value::bigint AS category_id, coalesce(sum(c.event_count) FILTER (WHERE c.name = 'now'), 0)::bigint AS present,
      coalesce(sum(c.event_count) FILTER (WHERE c.name = 'before'), 0)::bigint AS base,
      -- A desk without any ticket then was not yet there: nothing to compare with.
      CASE WHEN (SELECT sum(o.event_count) > 0 FROM came AS o WHERE o.name = 'last_week') THEN
        coalesce(sum(c.event_count) FILTER (WHERE c.name = 'last_week'), 0)::bigint END AS last_week,
      CASE WHEN (SELECT bool_or(w.name = 'working_day') FROM span AS w) THEN
        coalesce(sum(c.event_count) FILTER (WHERE c.name = 'working_day'), 0)::bigint END AS working_day,
      coalesce(sum(c.event_count) FILTER (WHERE c.name = 'working_day_before'), 0)::bigint AS working_day_before
    FROM came AS c WHERE c.value <> ''
    GROUP BY c.value
  )
  SELECT c.category_id, c.present, c.base, c.last_week, c.working_day, CASE WHEN c.working_day IS NOT NULL THEN c.working_day_before END,
    CASE WHEN s.is_complete THEN 100 * (c.present - c.base)::double precision / nullif(c.base, 0) END,
    s.is_complete AND d.surge_minimum > 0 AND c.present >= d.surge_minimum
      AND c.present > greatest(c.base, c.last_week) * (1 + d.surge_growth_pct / 100)
      AND coalesce(c.working_day >= d.surge_minimum AND c.working_day > c.working_day_before * (1 + d.surge_growth_pct / 100), true),
    s.until, s.is_complete
  FROM counted AS c JOIN csflow.desk AS d ON d.desk_id = surge_counts.desk_id
  CROSS JOIN (SELECT w.until, coalesce(w.until <= p.refreshed_to, false) AS is_complete
    FROM span AS w LEFT JOIN csflow.health_progress AS p ON p.desk_id = surge_counts.desk_id
      AND NOT EXISTS (SELECT FROM span AS x WHERE x.since < p.hours_from::timestamp AT TIME ZONE p.zone)
    WHERE w.name = 'now') AS s
  WHERE c.present > 0 OR c.base > 0 OR c.last_week > 0
  ORDER BY c.category_id;
END
$$;
COMMENT ON FUNCTION csflow.surge_counts(bigint, timestamptz) IS
'What the surge watch sees at the instant at, by category: tickets opened as csflow.health_between() counts them, so duplicate and invalid ones do not count, in the 24 whole hours up to counted_to, the hour of at (now_count), and in the 24 hours before (base_count); in the same hours a week ago (last_week_count; NULL unless surge_guard is same_weekday and the desk had tickets then); in the open hours of the last working day and of the one before it (working_day_count, working_day_base_count; NULL unless surge_guard is working_hours); growth in percent of base_count (NULL when that is 0 or the figures are not complete); whether it is a surge: at least surge_minimum tickets and more than surge_growth_pct above base_count, above last_week_count, and above working_day_base_count in the working day; is_complete: the health figures by hour reach counted_to, and back to what it is compared with. Without that nothing is a surge. Errors: SF001, SF014. Handbook G3, kpi.md "Category growth".';

CREATE FUNCTION csflow.open_surge(desk_id bigint, at timestamptz, category_id bigint, now_count bigint, base_count bigint,
  last_week_count bigint, counted_to timestamptz) RETURNS csflow.ticket_no
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  captions text;
  way_in text;
  ends text;
  opened csflow.ticket_no;
BEGIN
  SELECT to_char(open_surge.counted_to AT TIME ZONE d.zone, 'YYYY-MM-DD HH24:MI') INTO ends FROM csflow.desk AS d WHERE d.desk_id = open_surge.desk_id;
  SELECT concat_ws(' ', nullif(c.caption_zh, ''), nullif(c.caption_en, '')) INTO captions
  FROM csflow.category AS c WHERE c.desk_id = open_surge.desk_id AND c.category_id = open_surge.category_id;
  SELECT n.channel INTO way_in
  FROM csflow.channel AS n
  LEFT JOIN csflow.ticket AS t ON t.desk_id = n.desk_id AND t.channel = n.channel AND t.category_id = open_surge.category_id
    AND t.opened_at > open_surge.at - interval '24 hours' AND t.opened_at <= open_surge.at
  WHERE n.desk_id = open_surge.desk_id AND n.is_active
  GROUP BY n.channel ORDER BY count(t.ticket_no) DESC, n.channel LIMIT 1;
  INSERT INTO csflow.ticket AS t (desk_id, channel, title, body, body_origin, category_id, priority, source, opened_at, changed_by_kind)
  VALUES (open_surge.desk_id, way_in, format('Surge: %s', captions),
    format('%s tickets in the 24 hours up to %s, %s in the 24 hours before%s.', now_count, ends, base_count,
      coalesce(', ' || last_week_count::text || ' a week ago', '')),
    'staff', open_surge.category_id, 'A', 'surge', open_surge.at, 'system')
  RETURNING t.ticket_no INTO opened;
  INSERT INTO csflow.surge_episode (desk_id, category_id, started_at, counted_to, base_count, last_week_count, start_count, peak_at, peak_count,
    checked_at, last_count, investigation_no)
  VALUES (open_surge.desk_id, open_surge.category_id, open_surge.at, open_surge.counted_to, base_count, last_week_count, now_count, open_surge.at, now_count,
    open_surge.at, now_count, opened);
  INSERT INTO csflow.outbox (desk_id, ticket_no, created_at, topic, recipient_kind, recipient_id, payload)
  SELECT t.desk_id, t.ticket_no, open_surge.at, 'surge', r.kind, r.id,
    jsonb_build_object('category_id', open_surge.category_id, 'now_count', now_count, 'base_count', base_count, 'counted_to', open_surge.counted_to)
  FROM csflow.ticket AS t
  JOIN csflow.team AS g ON g.desk_id = t.desk_id AND g.team_id = t.team_id
  CROSS JOIN LATERAL (VALUES ('team', g.team_id), ('agent', g.supervisor_id)) AS r (kind, id)
  WHERE t.desk_id = open_surge.desk_id AND t.ticket_no = opened AND r.id IS NOT NULL;
  RETURN opened;
END
$$;
COMMENT ON FUNCTION csflow.open_surge(bigint, timestamptz, bigint, bigint, bigint, bigint, timestamptz) IS
'Opens the investigation of a surge: a ticket of the category, priority A, source surge, and tells its department and supervisor; returns its number. Part of find_surges(). Handbook G3.';

CREATE FUNCTION csflow.find_surges(desk_id bigint, at timestamptz DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  instant timestamptz := csflow.sweep_instant(at);
  seen record;
  done integer := 0;
BEGIN
  -- What the events of the last hours tell is put into the figures first; a refresh under way is waited for, and what it leaves is left to
  -- the next pass.
  PERFORM pg_advisory_xact_lock(hashtextextended('csflow.refresh_health', find_surges.desk_id));
  PERFORM csflow.refresh_desk_health(find_surges.desk_id, instant, 10000);
  IF NOT EXISTS (SELECT FROM csflow.health_progress AS p
    WHERE p.desk_id = find_surges.desk_id AND p.refreshed_to >= date_trunc('hour', instant, p.zone)) THEN
    RETURN 0;
  END IF;
  -- One pass at a time a desk, as csflow.find_incidents().
  PERFORM FROM csflow.desk AS d WHERE d.desk_id = find_surges.desk_id FOR NO KEY UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  FOR seen IN
    SELECT e.category_id, e.started_at, coalesce(c.now_count, 0) AS present,
      d.surge_minimum = 0 OR coalesce(c.now_count, 0) < d.surge_minimum
        OR c.now_count <= e.base_count * (1 + d.surge_growth_pct / 200) AS is_over
    FROM csflow.surge_episode AS e
    JOIN csflow.desk AS d ON d.desk_id = e.desk_id
    LEFT JOIN csflow.surge_counts(find_surges.desk_id, instant) AS c ON c.category_id = e.category_id
    WHERE e.desk_id = find_surges.desk_id AND e.ended_at IS NULL AND e.checked_at <= instant
    ORDER BY e.category_id
  LOOP
    UPDATE csflow.surge_episode AS e
    SET checked_at = instant, last_count = seen.present, ended_at = CASE WHEN seen.is_over THEN instant END,
      peak_at = CASE WHEN seen.present > e.peak_count THEN instant ELSE e.peak_at END, peak_count = greatest(e.peak_count, seen.present)
    WHERE e.desk_id = find_surges.desk_id AND e.category_id = seen.category_id AND e.started_at = seen.started_at;
    done := done + seen.is_over::integer;
  END LOOP;
  FOR seen IN
    SELECT c.* FROM csflow.surge_counts(find_surges.desk_id, instant) AS c
    WHERE c.is_surge AND NOT EXISTS (SELECT FROM csflow.surge_episode AS e
      WHERE e.desk_id = find_surges.desk_id AND e.category_id = c.category_id AND (e.ended_at IS NULL OR e.ended_at >= instant))
      -- A desk that takes no tickets any more takes none from here; an error would keep the other desks from being watched.
      AND EXISTS (SELECT FROM csflow.channel AS n WHERE n.desk_id = find_surges.desk_id AND n.is_active)
    ORDER BY c.category_id
  LOOP
    PERFORM csflow.open_surge(find_surges.desk_id, instant, seen.category_id, seen.now_count, seen.base_count, seen.last_week_count, seen.counted_to);
    done := done + 1;
  END LOOP;
  RETURN done;
END
$$;
COMMENT ON FUNCTION csflow.find_surges(bigint, timestamptz) IS
'One pass of the surge watch over a desk as of the instant at (NULL means now): brings the desk''s health figures up to date, follows the episodes that last, ends those whose growth over the count they began from has fallen to half the threshold or whose tickets are fewer than surge_minimum, and opens an investigation for each category that surges and has none (csflow.surge_counts()). Returns episodes begun and ended; 0 when there was nothing to do, another pass is at the desk, or more than 10,000 tickets wait for refresh_health. Errors: SF009 future instant, SF010 without the right to act for others, 25000 another isolation level than READ COMMITTED, SF014 no flow. Handbook G3.';

CREATE FUNCTION csflow.surge_watch_batch(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  instant timestamptz := csflow.sweep_instant(at);
  desk record;
  failure_code text;
  failure text;
  done integer := 0;
BEGIN
  FOR desk IN SELECT d.desk_id FROM csflow.desk AS d
    WHERE d.surge_minimum > 0 OR EXISTS (SELECT FROM csflow.surge_episode AS e WHERE e.desk_id = d.desk_id AND e.ended_at IS NULL)
    ORDER BY d.desk_id
  LOOP
    BEGIN
      done := done + csflow.find_surges(desk.desk_id, instant);
    EXCEPTION WHEN disk_full THEN
      RAISE; -- no desk's fault
    WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS failure_code = RETURNED_SQLSTATE, failure = MESSAGE_TEXT;
      IF NOT csflow.note_desk_failure('surge_watch', instant, desk.desk_id, failure_code, failure) THEN
        RAISE;
      END IF;
    END;
    EXIT WHEN done >= batch;
  END LOOP;
  RETURN done;
END
$$;
COMMENT ON FUNCTION csflow.surge_watch_batch(timestamptz, integer) IS
'csflow.find_surges() for one desk after the other until batch episodes were begun or ended. Returns how many, 0 when nothing is left to do. In a run of the job an error of one desk is noted and the others have their turn. Errors as csflow.find_surges. Handbook G3.';

REVOKE EXECUTE ON FUNCTION csflow.open_surge(bigint, timestamptz, bigint, bigint, bigint, bigint, timestamptz),
  csflow.find_surges(bigint, timestamptz), csflow.surge_watch_batch(timestamptz, integer) FROM PUBLIC;
