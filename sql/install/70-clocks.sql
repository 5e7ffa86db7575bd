-- The sweeps: what fires the steps of clocks that are due (design 2.3, 2.12). csflow.fire_steps() does the work for one desk;
-- here stand the batches around it, which keep one bad ticket from stopping the others.

CREATE FUNCTION csflow.sweep_instant(at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM csflow.require_flow();
  IF at IS NULL THEN
    RETURN now();
  ELSIF at > now() AND NOT has_column_privilege('csflow.ticket', 'opened_at', 'UPDATE') THEN
    RAISE EXCEPTION 'instant % is in the future', at
      USING ERRCODE = 'SF009', DETAIL = format('It is now %s.', now()),
        HINT = 'Running ahead of time asks for the right to date tickets: UPDATE on csflow.ticket (opened_at).';
  ELSIF NOT isfinite(at) THEN
    RAISE EXCEPTION 'instant % is no point in time', at USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN at;
END
$$;
COMMENT ON FUNCTION csflow.sweep_instant(timestamptz) IS
'The instant a sweep works for: at, or now when it is NULL. Errors: SF009 in the future without the right to UPDATE csflow.ticket.opened_at, 22023 infinite, SF014 no flow. Design 2.9.';

CREATE FUNCTION csflow.set_ticket_aside(desk_id bigint, ticket_no csflow.ticket_no, job text, at timestamptz, error_code text,
  error text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO csflow.set_aside AS s (desk_id, ticket_no, job, at, retry_at, error_code, error)
  VALUES (set_ticket_aside.desk_id, set_ticket_aside.ticket_no, set_ticket_aside.job, set_ticket_aside.at,
    set_ticket_aside.at + interval '1 minute', set_ticket_aside.error_code, set_ticket_aside.error)
  ON CONFLICT ON CONSTRAINT set_aside_pkey DO UPDATE
  SET at = excluded.at, attempts = s.attempts + 1,
    retry_at = excluded.at + least(interval '1 minute' * 2 ^ least(s.attempts, 11), interval '1 day'),
    error_code = excluded.error_code, error = excluded.error;
END
$$;
COMMENT ON FUNCTION csflow.set_ticket_aside(bigint, csflow.ticket_no, text, timestamptz, text, text) IS
'Notes that a ticket''s step raised an error in a sweep for the instant at; it is tried again a minute later, then after 2, 4, 8 … minutes, at most a day. Part of the sweeps. Design 2.12.';

CREATE FUNCTION csflow.due_tickets(desk_id bigint, job text, at timestamptz, batch integer)
RETURNS SETOF csflow.ticket_no
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- One statement per job, for the partial indexes clock_next and clock_closing fit only a condition that is spelt out.
  IF due_tickets.job = 'auto_close' THEN
    RETURN QUERY SELECT c.ticket_no FROM csflow.clock AS c
    WHERE c.desk_id = due_tickets.desk_id AND c.next_at <= due_tickets.at AND c.next_closes
      AND NOT EXISTS (SELECT FROM csflow.set_aside AS s WHERE s.desk_id = c.desk_id
        AND s.ticket_no = c.ticket_no AND s.job = due_tickets.job AND s.retry_at > due_tickets.at)
    GROUP BY c.ticket_no ORDER BY min(c.next_at), c.ticket_no LIMIT batch;
  ELSE
    RETURN QUERY SELECT c.ticket_no FROM csflow.clock AS c
    WHERE c.desk_id = due_tickets.desk_id AND c.next_at <= due_tickets.at AND NOT c.next_closes
      AND (due_tickets.job <> 'progress_check' OR EXISTS (SELECT FROM csflow.target AS g
        WHERE g.desk_id = c.desk_id AND g.target_id = c.target_id AND g.mode = 'daily_at'))
      AND NOT EXISTS (SELECT FROM csflow.set_aside AS s WHERE s.desk_id = c.desk_id
        AND s.ticket_no = c.ticket_no AND s.job = 'escalation' AND s.retry_at > due_tickets.at)
    GROUP BY c.ticket_no ORDER BY min(c.next_at), c.ticket_no LIMIT batch;
  END IF;
END
$$;
COMMENT ON FUNCTION csflow.due_tickets(bigint, text, timestamptz, integer) IS
'The tickets of a desk with a step due at the instant at, the longest due first, those set aside left out. job: auto_close (steps that close), progress_check (clocks due daily) or escalation (all but the closing ones); batch: at most so many. Uses the partial indexes of csflow.clock. Design 2.3.';

CREATE FUNCTION csflow.due_desks(job text, at timestamptz) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, pg_temp
-- What is left starts at once, in the order of clock_next and clock_closing, however few clocks there were when it was planned.
SET enable_seqscan = off
SET enable_sort = off
AS $$
DECLARE
  -- Under an old snapshot a search steps over all that has fired since, and the sweep again; it pays where desks are many, for a
  -- sweep that finds nothing takes 0.04 ms of processor time.
  are_few boolean := (SELECT count(*) < 20 FROM (SELECT FROM csflow.desk LIMIT 20) AS d);
BEGIN
  IF due_desks.job = 'auto_close' THEN
    RETURN QUERY SELECT d.desk_id FROM csflow.desk AS d
    WHERE are_few OR (SELECT c.next_at FROM csflow.clock AS c WHERE c.desk_id = d.desk_id AND c.next_at <= due_desks.at AND c.next_closes
      ORDER BY c.next_at LIMIT 1) IS NOT NULL
    ORDER BY d.desk_id;
  ELSE
    RETURN QUERY SELECT d.desk_id FROM csflow.desk AS d
    WHERE are_few OR (SELECT c.next_at FROM csflow.clock AS c WHERE c.desk_id = d.desk_id AND c.next_at <= due_desks.at AND NOT c.next_closes
      ORDER BY c.next_at LIMIT 1) IS NOT NULL
    ORDER BY d.desk_id;
  END IF;
END
$$;
COMMENT ON FUNCTION csflow.due_desks(text, timestamptz) IS
'The desks with a step due at the instant at, tickets that are locked or set aside included; all desks where there are less than 20. job: auto_close (steps that close), or any other (all but the closing ones). One statement, which looks into the partial indexes of csflow.clock once a desk. Part of the sweeps. Design 2.3.';

CREATE FUNCTION csflow.fire_one_by_one(desk_id bigint, job text, at timestamptz, batch integer, OUT fired integer, OUT failed integer)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  due csflow.ticket_no;
  error_code text;
  error text;
BEGIN
  fired := 0;
  failed := 0;
  FOR due IN SELECT csflow.due_tickets(desk_id, job, at, batch) LOOP
    BEGIN
      fired := fired + csflow.fire_steps(desk_id, at, 1, job = 'auto_close', due);
    EXCEPTION WHEN serialization_failure OR deadlock_detected THEN
      NULL; -- somebody else was at the ticket, nothing is wrong with it: it is left to the next sweep
    WHEN disk_full THEN
      RAISE; -- no ticket's fault, and the next one would meet it too
    WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS error_code = RETURNED_SQLSTATE, error = MESSAGE_TEXT;
      failed := failed + 1;
      PERFORM csflow.set_ticket_aside(desk_id, due, CASE job WHEN 'progress_check' THEN 'escalation' ELSE job END, at, error_code, error);
    END;
  END LOOP;
END
$$;
COMMENT ON FUNCTION csflow.fire_one_by_one(bigint, text, timestamptz, integer) IS
'Fires the due steps of up to batch tickets of a desk, each ticket in a subtransaction of its own; one that raises an error is set aside with it. Returns the steps fired and the tickets set aside. Errors: 53100 the disk is full. Design 2.12.';

CREATE FUNCTION csflow.sweep_desk(desk_id bigint, job text, at timestamptz, batch integer) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  fired integer;
  failed integer := 0;
BEGIN
  LOOP
    BEGIN
      fired := csflow.fire_steps(desk_id, at, batch, job = 'auto_close');
      failed := 0;
    EXCEPTION WHEN disk_full THEN
      RAISE;
    WHEN OTHERS THEN
      SELECT f.fired, f.failed INTO fired, failed FROM csflow.fire_one_by_one(desk_id, job, at, batch) AS f;
    END;
    -- Where every ticket of the batch failed, those behind it get their turn; each round sets aside at least one.
    EXIT WHEN fired > 0 OR failed = 0;
  END LOOP;
  RETURN fired;
END
$$;
COMMENT ON FUNCTION csflow.sweep_desk(bigint, text, timestamptz, integer) IS
'Fires the due steps of up to batch tickets of a desk in one go; if that raises an error, ticket by ticket. Returns the steps fired, 0 when there is nothing left to do. Design 2.12.';

CREATE FUNCTION csflow.forget_set_aside(at timestamptz) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  DELETE FROM csflow.set_aside AS s
  WHERE s.retry_at <= forget_set_aside.at AND s.job IN ('escalation', 'auto_close')
    AND NOT EXISTS (SELECT FROM csflow.clock AS c WHERE c.desk_id = s.desk_id AND c.ticket_no = s.ticket_no
      AND c.next_at <= forget_set_aside.at AND c.next_closes = (s.job = 'auto_close'));
END
$$;
COMMENT ON FUNCTION csflow.forget_set_aside(timestamptz) IS
'Deletes the tickets from csflow.set_aside whose retry has come and which have nothing due any more. Part of the sweeps.';

CREATE FUNCTION csflow.sweep_batch(job text, at timestamptz, batch integer) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  instant timestamptz := csflow.sweep_instant(at);
  desk record;
  fired integer := 0;
BEGIN
  IF batch IS NULL OR batch < 1 THEN
    RAISE EXCEPTION 'batch of % tickets', coalesce(batch::text, 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give at least 1.';
  END IF;
  FOR desk IN SELECT d.desk_id FROM csflow.due_desks(job, instant) AS d (desk_id) LOOP
    fired := fired + CASE WHEN job = 'progress_check' THEN (csflow.fire_one_by_one(desk.desk_id, job, instant, batch)).fired
      ELSE csflow.sweep_desk(desk.desk_id, job, instant, batch) END;
  END LOOP;
  PERFORM csflow.forget_set_aside(instant);
  RETURN fired;
END
$$;
COMMENT ON FUNCTION csflow.sweep_batch(text, timestamptz, integer) IS
'One batch of a sweep over the desks that have something due: escalate_batch, auto_close_batch and progress_check_batch are written over it. Design 2.12.';

CREATE FUNCTION csflow.escalate_batch(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN csflow.sweep_batch('escalation', at, batch);
END
$$;
COMMENT ON FUNCTION csflow.escalate_batch(timestamptz, integer) IS
'Fires the steps due at the instant at (NULL means now), but those that close, of up to batch tickets of each desk: warnings, breaches, escalations (handbook D3, D6). Returns the steps fired, 0 when none was due; tickets locked by others are left for the next time, failing ones go to csflow.set_aside. Errors: SF009 future instant, 22023 bad batch, SF014 no flow. Design 2.3, 2.12.';

CREATE FUNCTION csflow.auto_close_batch(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN csflow.sweep_batch('auto_close', at, batch);
END
$$;
COMMENT ON FUNCTION csflow.auto_close_batch(timestamptz, integer) IS
'Closes the tickets whose closing step is due at the instant at (NULL means now), up to batch of each desk: answered, and nothing new for 72 hours (handbook F2). Returns the steps fired, 0 when none was due. Errors as csflow.escalate_batch.';

CREATE FUNCTION csflow.progress_check_batch(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN csflow.sweep_batch('progress_check', at, batch);
END
$$;
COMMENT ON FUNCTION csflow.progress_check_batch(timestamptz, integer) IS
'Fires the due steps of up to batch tickets of each desk that have a clock due daily, such as the progress update by 10:00: missing updates are chased (handbook D2); csflow.missing_update lists them. Returns the steps fired. Errors as csflow.escalate_batch.';

CREATE FUNCTION csflow.retry_set_aside(desk_id bigint DEFAULT NULL, ticket_no csflow.ticket_no DEFAULT NULL, job text DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  cleared integer;
BEGIN
  PERFORM csflow.require_flow();
  DELETE FROM csflow.set_aside AS s
  WHERE s.desk_id = coalesce(retry_set_aside.desk_id, s.desk_id)
    AND (retry_set_aside.ticket_no IS NULL OR s.ticket_no = retry_set_aside.ticket_no)
    AND s.job = coalesce(retry_set_aside.job, s.job);
  GET DIAGNOSTICS cleared = ROW_COUNT;
  RETURN cleared;
END
$$;
COMMENT ON FUNCTION csflow.retry_set_aside(bigint, csflow.ticket_no, text) IS
'Takes tickets back from csflow.set_aside, once what was wrong is mended: the next run of their job tries them at once, instead of at retry_at. Arguments narrow it down: desk, ticket, job (escalation, auto_close …); NULL: all. Returns how many. Errors: SF014 no flow. Design 2.12, handbook H3.';

REVOKE EXECUTE ON FUNCTION csflow.retry_set_aside(bigint, csflow.ticket_no, text), csflow.set_ticket_aside(bigint, csflow.ticket_no, text, timestamptz, text, text),
  csflow.fire_one_by_one(bigint, text, timestamptz, integer), csflow.sweep_desk(bigint, text, timestamptz, integer),
  csflow.forget_set_aside(timestamptz), csflow.sweep_batch(text, timestamptz, integer),
  csflow.escalate_batch(timestamptz, integer), csflow.auto_close_batch(timestamptz, integer),
  csflow.progress_check_batch(timestamptz, integer) FROM PUBLIC;
