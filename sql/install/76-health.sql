-- Health indicators: the refresh of facts and buckets, and what reads them (handbook G1-G4, kpi.md; design 2.14). What names row
-- types of tables is in sql/flow/47 and 48.

CREATE FUNCTION csflow.report_periods(desk_id bigint)
RETURNS TABLE (valid_from timestamptz, valid_until timestamptz, calendar csflow.calendar)
LANGUAGE plpgsql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  WITH named AS (
    SELECT r.valid_from, r.calendar FROM csflow.report_calendar AS r WHERE r.desk_id = report_periods.desk_id
    UNION ALL
    -- Before the first row, and where there is none at all.
    SELECT '-infinity', 'work'
    WHERE NOT EXISTS (SELECT FROM csflow.report_calendar AS r WHERE r.desk_id = report_periods.desk_id AND r.valid_from = '-infinity')
  )
  SELECT n.valid_from, lead(n.valid_from, 1, 'infinity') OVER (ORDER BY n.valid_from),
    coalesce(w.calendar, (d.zone || '; daily 00:00-24:00')::csflow.calendar)
  FROM named AS n
  JOIN csflow.desk AS d ON d.desk_id = report_periods.desk_id
  LEFT JOIN csflow.working_calendar AS w ON w.desk_id = d.desk_id AND w.code = n.calendar;
END
$$;
COMMENT ON FUNCTION csflow.report_periods(bigint) IS
'Which calendar counts as business time in the health figures of a desk, and from when to when (half-open): csflow.report_calendar; where it says nothing the calendar "work", or around the clock where the desk has none. Part of the health figures.';

CREATE FUNCTION csflow.ticket_figures(desk_id bigint, tickets csflow.ticket_no[], at timestamptz)
RETURNS TABLE (ticket_no csflow.ticket_no, opened_at timestamptz, first_reply_at timestamptz, first_reply_cal interval, first_reply_bus interval,
  last_reply_at timestamptz, reply_count integer, first_solved_at timestamptz, first_resolution_cal interval, first_resolution_bus interval,
  reopen_count integer, first_reopened_at timestamptz, solved_at timestamptz, full_resolution_cal interval, full_resolution_bus interval,
  requester_wait_cal interval, requester_wait_bus interval, agent_work_cal interval, agent_work_bus interval, agent_wait_cal interval,
  agent_wait_bus interval, on_hold_cal interval, on_hold_bus interval, solve_time_cal interval, solve_time_bus interval, department_moves integer,
  began_in_department boolean, assignee_stations integer, escalation_count integer)
LANGUAGE c STABLE PARALLEL UNSAFE ROWS 1000 COST 10000
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'csf_ticket_figures_of_events';
COMMENT ON FUNCTION csflow.ticket_figures(bigint, csflow.ticket_no[], timestamptz) IS
'What the events of some tickets of a desk up to the instant at tell of them, one row each; none for those opened later or never live. Columns as csflow.ticket_fact has them; department_moves: how often it was sent to a department; began_in_department: whether it was with one before the first of these moves (NULL: it never moved, also later). NULL arguments: no rows. With the caller''s rights. Part of csflow.ticket_facts_at. Errors: SF014 no flow. kpi.md; design 2.14.';

CREATE FUNCTION csflow.refresh_or_set_aside(desk_id bigint, zone text, tickets csflow.ticket_no[], at timestamptz) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  error_code text;
  error text;
  half integer := cardinality(tickets) / 2;
BEGIN
  BEGIN
    PERFORM csflow.refresh_tickets(refresh_or_set_aside.desk_id, zone, tickets, refresh_or_set_aside.at);
    DELETE FROM csflow.set_aside AS a
    WHERE a.desk_id = refresh_or_set_aside.desk_id AND a.job = 'refresh_health' AND a.ticket_no = ANY (tickets);
    RETURN;
  EXCEPTION WHEN disk_full THEN
    RAISE; -- no ticket's fault
  WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS error_code = RETURNED_SQLSTATE, error = MESSAGE_TEXT;
  END;
  IF coalesce(half, 0) = 0 THEN
    PERFORM csflow.set_ticket_aside(refresh_or_set_aside.desk_id, tickets[1], 'refresh_health', refresh_or_set_aside.at, error_code, error);
  ELSE
    PERFORM csflow.refresh_or_set_aside(refresh_or_set_aside.desk_id, zone, tickets[:half], refresh_or_set_aside.at);
    PERFORM csflow.refresh_or_set_aside(refresh_or_set_aside.desk_id, zone, tickets[half + 1:], refresh_or_set_aside.at);
  END IF;
END
$$;
COMMENT ON FUNCTION csflow.refresh_or_set_aside(bigint, text, csflow.ticket_no[], timestamptz) IS
'Refreshes the figures of some tickets; if that raises an error, each half in a subtransaction of its own, down to the one ticket that fails, which is set aside with its error. Part of refresh_health. Design 2.12.';

CREATE FUNCTION csflow.refresh_desk_health(desk_id bigint, at timestamptz, batch integer) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  report_zone text;
  tickets csflow.ticket_no[];
  taken integer;
  rows_read bigint;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'health figures cannot be refreshed at isolation level %', current_setting('transaction_isolation')
      USING ERRCODE = 'invalid_transaction_state', DETAIL = 'Each statement must see what was committed before it.',
        HINT = 'Use READ COMMITTED.';
  END IF;
  -- One refresh of a desk at a time; whoever comes second has nothing to do. Two would add to a bucket that the other rolls up.
  IF NOT pg_try_advisory_xact_lock(hashtextextended('csflow.refresh_health', refresh_desk_health.desk_id)) THEN
    RETURN 0;
  END IF;
  INSERT INTO csflow.health_progress (desk_id, zone) SELECT d.desk_id, d.zone FROM csflow.desk AS d
  WHERE d.desk_id = refresh_desk_health.desk_id
  ON CONFLICT ON CONSTRAINT health_progress_pkey DO NOTHING;
  INSERT INTO csflow.health_dirty (desk_id, ticket_no) SELECT a.desk_id, a.ticket_no FROM csflow.set_aside AS a
  WHERE a.desk_id = refresh_desk_health.desk_id AND a.job = 'refresh_health' AND a.retry_at <= refresh_desk_health.at;
  SELECT p.zone INTO report_zone FROM csflow.health_progress AS p WHERE p.desk_id = refresh_desk_health.desk_id;
  -- A ticket has as many rows as it had changes.
  SELECT coalesce((array_agg(t.ticket_no ORDER BY t.ticket_no))[:batch], '{}'), least(count(*), batch), sum(t.changes)
  INTO tickets, taken, rows_read
  FROM (
    SELECT d.ticket_no, count(*) AS changes
    FROM (SELECT h.ticket_no FROM csflow.health_dirty AS h WHERE h.desk_id = refresh_desk_health.desk_id LIMIT 20 * batch::bigint) AS d
    GROUP BY d.ticket_no) AS t;
  IF taken > 0 THEN
    -- The statements after this one see what the transactions of these rows committed: their snapshots are later.
    -- Nobody else takes them, by the lock above; IN, because a list would be searched from its beginning for each row.
    DELETE FROM csflow.health_dirty AS h WHERE h.desk_id = refresh_desk_health.desk_id AND h.ticket_no IN (SELECT unnest(tickets));
  END IF;
  -- A promise falls due without an event.
  IF taken < batch THEN
    tickets := tickets || ARRAY(
      SELECT f.ticket_no FROM csflow.ticket_fact AS f
      WHERE f.desk_id = refresh_desk_health.desk_id AND f.next_due_at < refresh_desk_health.at AND f.ticket_no NOT IN (SELECT unnest(tickets))
        AND NOT EXISTS (SELECT FROM csflow.set_aside AS a
          WHERE a.desk_id = f.desk_id AND a.ticket_no = f.ticket_no AND a.job = 'refresh_health')
      ORDER BY f.next_due_at LIMIT batch - taken);
    taken := cardinality(tickets);
  END IF;
  IF taken > 0 THEN
    PERFORM csflow.refresh_or_set_aside(refresh_desk_health.desk_id, report_zone, tickets, refresh_desk_health.at);
  END IF;
  IF rows_read = 20 * batch::bigint THEN
    taken := batch;
  ELSIF taken < batch THEN
    UPDATE csflow.health_progress AS p SET refreshed_to = greatest(p.refreshed_to, refresh_desk_health.at)
    WHERE p.desk_id = refresh_desk_health.desk_id AND p.refreshed_to < refresh_desk_health.at;
  END IF;
  RETURN taken;
END
$$;
COMMENT ON FUNCTION csflow.refresh_desk_health(bigint, timestamptz, integer) IS
'refresh_health_batch() for one desk. Returns the tickets looked at, batch where some may be left; 0 also while another session refreshes this desk. Part of refresh_health. Design 2.14.';

CREATE FUNCTION csflow.refresh_health_batch(at timestamptz DEFAULT NULL, batch integer DEFAULT 10000) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  instant timestamptz := csflow.sweep_instant(at);
  desk record;
  taken integer := 0;
BEGIN
  IF batch IS NULL OR batch < 1 THEN
    RAISE EXCEPTION 'batch of % tickets', coalesce(batch::text, 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give at least 1.';
  END IF;
  FOR desk IN SELECT d.desk_id FROM csflow.desk AS d ORDER BY d.desk_id LOOP
    taken := taken + csflow.refresh_desk_health(desk.desk_id, instant, batch);
  END LOOP;
  RETURN taken;
END
$$;
COMMENT ON FUNCTION csflow.refresh_health_batch(timestamptz, integer) IS
'Brings the health figures of up to batch tickets of each desk up to date with their events; buckets that ended by the instant at (NULL means now) count as complete once nothing is left. Returns the tickets looked at, over all desks; fewer than batch: nothing is left. Costs what happened since the last refresh, whatever the history. A batch is one transaction: what a crash undoes is done again. Errors: SF009 future instant, 22023 bad batch, 25000 another isolation level than READ COMMITTED, SF014 no flow. Handbook G1-G4, design 2.14.';

CREATE FUNCTION csflow.rebuild_health(desk_id bigint) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  report_zone text;
  marked bigint;
BEGIN
  PERFORM csflow.require_desk(rebuild_health.desk_id);
  PERFORM pg_advisory_xact_lock(hashtextextended('csflow.refresh_health', rebuild_health.desk_id));
  DELETE FROM csflow.health_hour AS x WHERE x.desk_id = rebuild_health.desk_id;
  DELETE FROM csflow.health_day AS x WHERE x.desk_id = rebuild_health.desk_id;
  DELETE FROM csflow.health_month AS x WHERE x.desk_id = rebuild_health.desk_id;
  DELETE FROM csflow.health_value AS x WHERE x.desk_id = rebuild_health.desk_id;
  DELETE FROM csflow.attainment_day AS x WHERE x.desk_id = rebuild_health.desk_id;
  DELETE FROM csflow.attainment_value AS x WHERE x.desk_id = rebuild_health.desk_id;
  SELECT d.zone INTO report_zone FROM csflow.desk AS d WHERE d.desk_id = rebuild_health.desk_id;
  INSERT INTO csflow.health_progress AS p (desk_id, zone) VALUES (rebuild_health.desk_id, report_zone)
  ON CONFLICT ON CONSTRAINT health_progress_pkey DO UPDATE SET zone = excluded.zone, refreshed_to = excluded.refreshed_to;
  -- What has lost its events with their month cannot be computed anew, and stays.
  INSERT INTO csflow.health_dirty (desk_id, ticket_no)
  SELECT t.desk_id, t.ticket_no FROM csflow.ticket AS t
  WHERE t.desk_id = rebuild_health.desk_id AND EXISTS (SELECT FROM csflow.event AS e
    WHERE e.desk_id = t.desk_id AND e.ticket_no = t.ticket_no AND e.seq = 1);
  GET DIAGNOSTICS marked = ROW_COUNT;
  DELETE FROM csflow.reply_gap AS x USING csflow.health_dirty AS h
  WHERE x.desk_id = rebuild_health.desk_id AND h.desk_id = x.desk_id AND h.ticket_no = x.ticket_no;
  DELETE FROM csflow.reopening AS x USING csflow.health_dirty AS h
  WHERE x.desk_id = rebuild_health.desk_id AND h.desk_id = x.desk_id AND h.ticket_no = x.ticket_no;
  DELETE FROM csflow.ticket_fact AS x USING csflow.health_dirty AS h
  WHERE x.desk_id = rebuild_health.desk_id AND h.desk_id = x.desk_id AND h.ticket_no = x.ticket_no;
  PERFORM csflow.roll_up_kept(rebuild_health.desk_id, report_zone);
  RETURN marked;
END
$$;
COMMENT ON FUNCTION csflow.rebuild_health(bigint) IS
'Forgets the buckets of a desk and marks its tickets to be computed anew by the next refresh_health: after the desk''s zone or a calendar in csflow.report_calendar changed. Facts of tickets whose events have left with their month stay as they are. Returns the tickets marked. Errors: SF001 unknown desk, SF014 no flow.';

-- No SET clause, no EXCEPTION block, no operator, as the procedures of 80-jobs.sql.
CREATE PROCEDURE csflow.refresh_health(at timestamptz DEFAULT NULL, batch integer DEFAULT 10000)
LANGUAGE plpgsql
AS $$
DECLARE
  run bigint;
BEGIN
  run := csflow.start_job('refresh_health', at);
  COMMIT;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  WHILE csflow.continue_job(run, batch) LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  END LOOP;
  COMMIT;
  PERFORM csflow.finish_job(run);
END
$$;
COMMENT ON PROCEDURE csflow.refresh_health(timestamptz, integer) IS
'Brings the health figures up to date with the events, batch tickets of each desk at a time, committing each batch (handbook G1-G4); at (NULL means now) is the instant up to which buckets then count as complete. As csflow.run_escalation otherwise. Design 2.12, 2.14.';

CREATE FUNCTION csflow.forget_hours(desk_id bigint, at timestamptz, batch integer) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  report_zone text;
  kept_from date;
  wanted_from date;
  next_day date;
  forgotten integer := 0;
  rows integer;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('csflow.refresh_health', forget_hours.desk_id));
  SELECT p.zone, p.hours_from, ((forget_hours.at - d.hour_figures_kept) AT TIME ZONE p.zone)::date INTO report_zone, kept_from, wanted_from
  FROM csflow.health_progress AS p JOIN csflow.desk AS d ON d.desk_id = p.desk_id WHERE p.desk_id = forget_hours.desk_id;
  WHILE kept_from < wanted_from AND forgotten < batch LOOP
    SELECT least((min(h.bucket_start) AT TIME ZONE report_zone)::date + 1, wanted_from) INTO next_day
    FROM csflow.health_hour AS h WHERE h.desk_id = forget_hours.desk_id AND h.cut = 'total';
    kept_from := greatest(kept_from, coalesce(next_day, wanted_from));
    DELETE FROM csflow.health_hour AS h
    WHERE h.desk_id = forget_hours.desk_id AND h.cut IN ('total', 'kind', 'category', 'team', 'channel', 'customer_tier')
      AND h.bucket_start < kept_from::timestamp AT TIME ZONE report_zone;
    GET DIAGNOSTICS rows = ROW_COUNT;
    forgotten := forgotten + rows;
    UPDATE csflow.health_progress AS p SET hours_from = kept_from WHERE p.desk_id = forget_hours.desk_id;
  END LOOP;
  RETURN forgotten;
END
$$;
COMMENT ON FUNCTION csflow.forget_hours(bigint, timestamptz, integer) IS
'Forgets the health figures by hour of days before desk.hour_figures_kept as of the instant at, whole days, the oldest first, until at least batch rows are gone. The days and months, which hold the same figures, stay. Returns the rows forgotten. Part of run_housekeeping. Design 2.14.';

REVOKE EXECUTE ON FUNCTION csflow.forget_hours(bigint, timestamptz, integer), csflow.refresh_or_set_aside(bigint, text, csflow.ticket_no[], timestamptz),
  csflow.refresh_desk_health(bigint, timestamptz, integer), csflow.refresh_health_batch(timestamptz, integer),
  csflow.rebuild_health(bigint) FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE csflow.refresh_health(timestamptz, integer) FROM PUBLIC;
