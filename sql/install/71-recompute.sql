-- After a change of targets, steps, calendars or holidays: moving the clocks that are not stopped (design 2.2, 2.4).

CREATE FUNCTION csflow.recompute_clocks(desk_id bigint, preview boolean DEFAULT false, at timestamptz DEFAULT NULL,
  after csflow.ticket_no DEFAULT NULL, batch integer DEFAULT NULL)
RETURNS TABLE (ticket_no csflow.ticket_no, clock text, run integer, subject_id bigint, change text, due_before timestamptz, due_after timestamptz,
  next_before timestamptz, next_after timestamptz)
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10000
AS 'MODULE_PATHNAME', 'csf_recompute_clocks';
COMMENT ON FUNCTION csflow.recompute_clocks(bigint, boolean, timestamptz, csflow.ticket_no, integer) IS
'Moves the clocks of a desk that are not stopped to what its targets, steps and calendars say now; tickets that nothing moves are not touched. Arguments: desk_id; preview: only say what would move; at: the instant for clocks that end, pause or change their target by it (NULL means now); after, batch: only that many tickets to move, with numbers above after. Result: the clocks that moved, by ticket: subject_id (the department or task it concerns, NULL: the ticket), change (due; length: that of a paused or overdue clock; steps: the next step alone; target; paused, resumed; void: no target applies any more), due instant and next step before and after. One event clocks_recomputed a ticket, none for steps alone. Running it again changes nothing. Errors: SF001 unknown desk, SF009 future instant, SF014 no flow, 22023 bad batch. Design 2.2, 2.4, handbook D8, H4.';

CREATE FUNCTION csflow.continue_recompute(run_id bigint, desk_id bigint, after csflow.ticket_no, batch integer)
RETURNS csflow.ticket_no
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  instant timestamptz;
  moved bigint := 0;
  tickets bigint;
  last csflow.ticket_no;
  failure_code text;
  failure text;
BEGIN
  SELECT r.at INTO STRICT instant FROM csflow.job_run AS r WHERE r.run_id = continue_recompute.run_id;
  BEGIN
    SELECT count(*), count(DISTINCT m.ticket_no), max(m.ticket_no) INTO moved, tickets, last
    FROM csflow.recompute_clocks(continue_recompute.desk_id, false, instant, continue_recompute.after, continue_recompute.batch) AS m;
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS failure_code = RETURNED_SQLSTATE, failure = MESSAGE_TEXT;
    moved := 0;
    last := NULL;
  END;
  UPDATE csflow.job_run AS r
  SET rows = r.rows + moved, finished_at = CASE WHEN last IS NULL THEN clock_timestamp() END, error_code = failure_code, error = failure
  WHERE r.run_id = continue_recompute.run_id;
  RETURN last;
END
$$;
COMMENT ON FUNCTION csflow.continue_recompute(bigint, bigint, csflow.ticket_no, integer) IS
'Does one batch of run_recompute and notes it in csflow.job_run; an error is noted, not raised. Arguments: the run, desk_id, the number after which to go on, tickets at most. Result: the last ticket moved; NULL: that was all. Part of csflow.run_recompute.';

-- As the other procedures (80-jobs.sql): nothing that a search_path could redirect.
CREATE PROCEDURE csflow.run_recompute(desk_id bigint, batch integer DEFAULT 10000)
LANGUAGE plpgsql
AS $$
DECLARE
  run bigint;
  place csflow.ticket_no;
BEGIN
  run := csflow.start_job('recompute', NULL);
  COMMIT;
  LOOP
    place := csflow.continue_recompute(run, desk_id, place, batch);
    COMMIT;
    EXIT WHEN place IS NULL;
  END LOOP;
  PERFORM csflow.finish_job(run);
END
$$;
COMMENT ON PROCEDURE csflow.run_recompute(bigint, integer) IS
'csflow.recompute_clocks for a big desk: batch tickets at a time, committing each, so that no ticket stays locked for long. Killed or run again it goes on with what has not moved yet. Progress is in csflow.job_run, job recompute. Not inside a transaction block. Errors: SF014 no flow, or what ended the run. Design 2.12.';

REVOKE EXECUTE ON FUNCTION csflow.recompute_clocks(bigint, boolean, timestamptz, csflow.ticket_no, integer),
  csflow.continue_recompute(bigint, bigint, csflow.ticket_no, integer) FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE csflow.run_recompute(bigint, integer) FROM PUBLIC;
