-- The scheduled jobs: procedures that loop over batches and commit each, their history in csflow.job_run, and pg_cron, which
-- runs them but is not needed for anything else (design 2.12, 2.13; handbook H3).

CREATE FUNCTION csflow.start_job(job text, at timestamptz) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- First, for it says so where there are no tables yet.
  instant timestamptz := csflow.sweep_instant(start_job.at);
  started bigint;
BEGIN
  INSERT INTO csflow.job_run (job, at) VALUES (start_job.job, instant) RETURNING run_id INTO started;
  RETURN started;
END
$$;
COMMENT ON FUNCTION csflow.start_job(text, timestamptz) IS 'Notes in csflow.job_run that a job starts, for the instant at (NULL means now), and returns run_id. Part of the procedures run_…. Errors: SF009 future instant, SF014 no flow.';

CREATE FUNCTION csflow.note_desk_failure(job text, at timestamptz, desk_id bigint, error_code text, error text) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE csflow.job_run AS r
  SET error_code = coalesce(r.error_code, note_desk_failure.error_code),
    error = CASE WHEN r.error_code IS NULL THEN format('desk %s: %s', note_desk_failure.desk_id, note_desk_failure.error) ELSE r.error END
  WHERE r.job = note_desk_failure.job AND r.at = note_desk_failure.at AND r.finished_at IS NULL;
  RETURN FOUND;
END
$$;
COMMENT ON FUNCTION csflow.note_desk_failure(text, timestamptz, bigint, text, text) IS
'Notes in the run of a job for the instant at that it failed for a desk, with SQLSTATE and message, so that the other desks can have their turn; the run raises the first such error at its end. Returns false outside of a run. Part of the jobs that go desk by desk. Design 2.12.';

CREATE FUNCTION csflow.job_batch(job text, at timestamptz, batch integer) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN CASE job
    WHEN 'escalation' THEN csflow.escalate_batch(at, batch)
    WHEN 'auto_close' THEN csflow.auto_close_batch(at, batch)
    WHEN 'progress_check' THEN csflow.progress_check_batch(at, batch)
    WHEN 'duplicate_check' THEN csflow.duplicate_check_batch(at, batch)
    WHEN 'incident_watch' THEN csflow.incident_watch_batch(at, batch)
    WHEN 'surge_watch' THEN csflow.surge_watch_batch(at, batch)
    WHEN 'weekly_sample' THEN csflow.weekly_sample_batch(at, batch)
    WHEN 'archive' THEN csflow.archive_batch(at, batch)
    WHEN 'audit_anchor' THEN csflow.anchor_batch(at, batch)
    WHEN 'refresh_health' THEN csflow.refresh_health_batch(at, batch)
    WHEN 'housekeeping' THEN csflow.housekeeping_batch(at, batch)
  END;
END
$$;
COMMENT ON FUNCTION csflow.job_batch(text, timestamptz, integer) IS 'Does one batch of a job and returns how much it did, 0 when nothing is left. Part of the procedures run_….';

CREATE FUNCTION csflow.continue_job(run_id bigint, batch integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  run record;
  done integer;
  failure_code text;
  failure text;
  aside record;
  -- A busy desk always has a few tickets for the health figures: that job ends with the first batch that is not full.
  goes_on boolean;
BEGIN
  SELECT r.job, r.at INTO STRICT run FROM csflow.job_run AS r WHERE r.run_id = continue_job.run_id;
  BEGIN
    done := csflow.job_batch(run.job, run.at, batch);
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS failure_code = RETURNED_SQLSTATE, failure = MESSAGE_TEXT;
    done := 0;
  END;
  goes_on := done >= CASE run.job WHEN 'refresh_health' THEN batch ELSE 1 END;
  SELECT count(*) AS tickets, (array_agg(s.error_code || ': ' || s.error ORDER BY s.desk_id, s.ticket_no))[1] AS first_error INTO aside
  FROM csflow.set_aside AS s
  WHERE s.job = CASE run.job WHEN 'progress_check' THEN 'escalation' ELSE run.job END AND s.at = run.at;
  UPDATE csflow.job_run AS r
  SET rows = r.rows + done, finished_at = CASE WHEN NOT goes_on THEN clock_timestamp() END, error_code = coalesce(failure_code, r.error_code),
    errors = aside.tickets, error = coalesce(failure, CASE WHEN r.error_code IS NOT NULL THEN r.error END, aside.first_error)
  WHERE r.run_id = continue_job.run_id;
  RETURN goes_on;
END
$$;
COMMENT ON FUNCTION csflow.continue_job(bigint, integer) IS 'Does one batch of a started job and notes it in csflow.job_run; an error is noted, not raised. Returns whether to go on. Part of the procedures run_….';

CREATE FUNCTION csflow.finish_job(run_id bigint) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  run record;
BEGIN
  SELECT r.job, r.error_code, r.error, r.errors INTO STRICT run FROM csflow.job_run AS r WHERE r.run_id = finish_job.run_id;
  IF run.error_code IS NOT NULL THEN
    RAISE EXCEPTION 'job % failed: %', run.job, run.error USING ERRCODE = run.error_code;
  ELSIF run.errors > 0 THEN
    RAISE WARNING 'job %: % tickets were set aside, the first with %', run.job, run.errors, run.error
      USING HINT = 'See csflow.set_aside.';
  END IF;
END
$$;
COMMENT ON FUNCTION csflow.finish_job(bigint) IS 'Raises the error that ended a job, once csflow.job_run has it. Part of the procedures run_….';

CREATE FUNCTION csflow.housekeeping_batch(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  instant timestamptz := csflow.sweep_instant(at);
  made integer;
  removed integer;
  desk record;
BEGIN
  BEGIN
    SELECT csflow.create_partitions((instant AT TIME ZONE f.zone)::date, 3) INTO made FROM csflow.flow AS f;
  EXCEPTION WHEN lock_not_available THEN
    -- A dump, perhaps. Another night will do as long as the next month is there.
    IF to_regclass(to_char(instant + interval '1 month', '"csflow.event_"YYYYMM')) IS NULL THEN
      RAISE;
    END IF;
    made := 0;
  END;
  -- By themselves: everybody waits for the locks that this takes, so it must not wait for a refresh of the figures meanwhile.
  IF made > 0 THEN
    RETURN made;
  END IF;
  DELETE FROM csflow.job_run AS r
  WHERE r.run_id IN (SELECT o.run_id FROM csflow.job_run AS o WHERE o.started_at < instant - interval '90 days' LIMIT batch);
  GET DIAGNOSTICS removed = ROW_COUNT;
  -- In the order in which everybody takes the locks of the desks' refreshes.
  FOR desk IN SELECT d.desk_id FROM csflow.desk AS d WHERE d.hour_figures_kept IS NOT NULL ORDER BY d.desk_id LOOP
    removed := removed + csflow.forget_hours(desk.desk_id, instant, batch);
  END LOOP;
  RETURN removed;
END
$$;
COMMENT ON FUNCTION csflow.housekeeping_batch(timestamptz, integer) IS
'Creates the monthly partitions of this and the next two months where they are missing, later where somebody goes on reading the tables; where there was none to create, forgets job runs of more than 90 days ago, up to batch of them, and health figures by hour older than desk.hour_figures_kept, whole days of each desk until batch are gone. Returns the partitions created, or the runs and figures forgotten; 0 when nothing is left to do. To be run by the owner of the tables. Errors: as csflow.escalate_batch; 55P03 when the partitions of the next month could not be created. Design 2.17.';

-- Whatever default_transaction_isolation says, a batch must see what was committed before each of its statements.
-- The procedures have no SET clause and no EXCEPTION block, for COMMIT fails there; so they use nothing that a search_path
-- could redirect: no operator, no cast, no name without its schema.

CREATE PROCEDURE csflow.run_escalation(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000)
LANGUAGE plpgsql
AS $$
DECLARE
  run bigint;
BEGIN
  run := csflow.start_job('escalation', at);
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
COMMENT ON PROCEDURE csflow.run_escalation(timestamptz, integer) IS
'Fires all steps due at the instant at (NULL means now) but those that close, batch tickets of each desk at a time, committing each batch (handbook D3, D6). Not inside a transaction block. Noted in csflow.job_run. Errors: SF009 future instant without the right to date tickets, SF014 no flow, or what ended the run. Design 2.12.';

CREATE PROCEDURE csflow.run_auto_close(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000)
LANGUAGE plpgsql
AS $$
DECLARE
  run bigint;
BEGIN
  run := csflow.start_job('auto_close', at);
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
COMMENT ON PROCEDURE csflow.run_auto_close(timestamptz, integer) IS
'Closes all tickets whose closing step is due at the instant at (NULL means now): handled, and nothing new for 72 hours (handbook F2). As csflow.run_escalation otherwise.';

CREATE PROCEDURE csflow.run_progress_check(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000)
LANGUAGE plpgsql
AS $$
DECLARE
  run bigint;
BEGIN
  run := csflow.start_job('progress_check', at);
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
COMMENT ON PROCEDURE csflow.run_progress_check(timestamptz, integer) IS
'Chases the daily updates missing at the instant at (NULL means now), such as the departments'' progress by 10:00 (handbook D2). As csflow.run_escalation otherwise.';

CREATE PROCEDURE csflow.run_duplicate_check(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000)
LANGUAGE plpgsql
AS $$
DECLARE
  run bigint;
BEGIN
  run := csflow.start_job('duplicate_check', at);
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
COMMENT ON PROCEDURE csflow.run_duplicate_check(timestamptz, integer) IS
'Marks the duplicates among the tickets opened before the instant at (NULL means now) that nobody has worked on (handbook A8), see csflow.check_duplicates; csflow.job_run counts the tickets settled, duplicates or not. As csflow.run_escalation otherwise.';

CREATE PROCEDURE csflow.run_incident_watch(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000)
LANGUAGE plpgsql
AS $$
DECLARE
  run bigint;
BEGIN
  run := csflow.start_job('incident_watch', at);
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
COMMENT ON PROCEDURE csflow.run_incident_watch(timestamptz, integer) IS
'Opens, feeds and ends mass incidents as of the instant at (NULL means now), see csflow.find_incidents (handbook B9). As csflow.run_escalation otherwise.';

CREATE PROCEDURE csflow.run_surge_watch(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000)
LANGUAGE plpgsql
AS $$
DECLARE
  run bigint;
BEGIN
  run := csflow.start_job('surge_watch', at);
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
COMMENT ON PROCEDURE csflow.run_surge_watch(timestamptz, integer) IS
'Follows surges and opens an investigation for each category that grows beyond measure as of the instant at (NULL means now), see csflow.find_surges (handbook G3). As csflow.run_escalation otherwise.';

CREATE PROCEDURE csflow.run_weekly_sample(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000)
LANGUAGE plpgsql
AS $$
DECLARE
  run bigint;
BEGIN
  run := csflow.start_job('weekly_sample', at);
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
COMMENT ON PROCEDURE csflow.run_weekly_sample(timestamptz, integer) IS
'Draws the samples of the last week that is over at the instant at (NULL means now), see csflow.draw_weekly_sample (handbook G8). As csflow.run_escalation otherwise.';

CREATE PROCEDURE csflow.run_housekeeping(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000)
LANGUAGE plpgsql
AS $$
DECLARE
  run bigint;
BEGIN
  run := csflow.start_job('housekeeping', at);
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
COMMENT ON PROCEDURE csflow.run_housekeeping(timestamptz, integer) IS
'Creates monthly partitions ahead and forgets old job runs (design 2.17). To be run by the owner of the tables. As csflow.run_escalation otherwise.';

CREATE PROCEDURE csflow.run_archive(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000)
LANGUAGE plpgsql
AS $$
DECLARE
  run bigint;
BEGIN
  run := csflow.start_job('archive', at);
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
COMMENT ON PROCEDURE csflow.run_archive(timestamptz, integer) IS
'Masks personal data for good in the texts of tickets closed longer than desk.archive_after before the instant at (NULL means now), see csflow.archive_tickets (handbook F8). To be run by the owner of the tables. As csflow.run_escalation otherwise.';

CREATE PROCEDURE csflow.run_audit_anchor(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000)
LANGUAGE plpgsql
AS $$
DECLARE
  run bigint;
BEGIN
  run := csflow.start_job('audit_anchor', at);
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
COMMENT ON PROCEDURE csflow.run_audit_anchor(timestamptz, integer) IS
'Anchors the record of every desk as of the instant at (NULL means now), see csflow.anchor_audit (handbook H1). To be run by the owner of the tables. As csflow.run_escalation otherwise.';

CREATE FUNCTION csflow.scheduler(OUT state text, OUT database text, OUT version text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  SELECT e.extversion INTO version FROM pg_extension AS e WHERE e.extname = 'pg_cron';
  IF FOUND THEN
    state := 'here';
    database := current_database();
    RETURN;
  END IF;
  SELECT a.default_version INTO version FROM pg_available_extensions AS a WHERE a.name = 'pg_cron';
  SELECT s.setting INTO database FROM pg_settings AS s WHERE s.name = 'cron.database_name';
  state := CASE
    WHEN database = current_database() THEN 'not installed'
    WHEN database IS NOT NULL THEN 'elsewhere'
    WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN 'not loaded'
    ELSE 'unknown' END;
END
$$;
COMMENT ON FUNCTION csflow.scheduler() IS
'Where pg_cron is: here (installed in this database), not installed (the server would run it from this database), elsewhere (it lives in another database), not loaded (not in shared_preload_libraries), unknown (its settings are hidden from this role); with that database and pg_cron''s version, NULL when unknown. Design 2.13.';

CREATE FUNCTION csflow.wanted_jobs() RETURNS TABLE (job text, name text, schedule text, command text, sort_order integer)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  version integer[] := regexp_match((csflow.scheduler()).version, '^([0-9]+)[.]([0-9]+)')::integer[];
  -- pg_cron keeps 63 bytes of a name; a long database name gives way to its digest.
  prefix text := 'csflow: ' || CASE WHEN octet_length(current_database()) <= 35 THEN current_database()::text
    ELSE left(md5(current_database()::text), 16) END || ': ';
BEGIN
  RETURN QUERY SELECT w.job, prefix || w.job, w.schedule, w.command, w.sort_order
  FROM (VALUES
    ('escalation', CASE WHEN version >= '{1,5}' THEN '15 seconds' ELSE '* * * * *' END, 'CALL csflow.run_escalation()', 1),
    ('auto_close', '*/5 * * * *', 'CALL csflow.run_auto_close()', 2),
    -- Every quarter of an hour, for desks lie in any time zone and pg_cron knows one only.
    ('progress_check', '*/15 * * * *', 'CALL csflow.run_progress_check()', 3),
    ('duplicate_check', '* * * * *', 'CALL csflow.run_duplicate_check()', 4),
    ('incident_watch', '* * * * *', 'CALL csflow.run_incident_watch()', 5),
    ('surge_watch', '*/10 * * * *', 'CALL csflow.run_surge_watch()', 6),
    -- Each hour of the two days on which a Monday begins somewhere, for pg_cron knows one time zone only.
    ('weekly_sample', '20 * * * 0,1', 'CALL csflow.run_weekly_sample()', 7),
    ('refresh_health', '*/5 * * * *', 'CALL csflow.refresh_health()', 20),
    ('archive', '10 2 * * *', 'CALL csflow.run_archive()', 40),
    ('audit_anchor', '25 2 * * *', 'CALL csflow.run_audit_anchor()', 41),
    ('housekeeping', '40 2 * * *', 'CALL csflow.run_housekeeping()', 50)
  ) AS w (job, schedule, command, sort_order);
END
$$;
COMMENT ON FUNCTION csflow.wanted_jobs() IS
'The jobs that schedule_jobs() registers: job, its name in pg_cron (with this database in it), schedule in pg_cron''s form (seconds where pg_cron is 1.5 or newer), the one CALL it runs, order. Design 2.13, handbook H3.';

CREATE FUNCTION csflow.scheduled_jobs()
RETURNS TABLE (job text, job_id bigint, schedule text, command text, is_active boolean, username text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF csflow.can_read_jobs() THEN
    RETURN QUERY EXECUTE 'SELECT w.job, j.jobid, j.schedule, j.command, j.active, j.username
      FROM csflow.wanted_jobs() AS w JOIN cron.job AS j ON j.jobname::text = w.name
      WHERE j.database = current_database() ORDER BY w.sort_order, j.jobid';
  END IF;
END
$$;
COMMENT ON FUNCTION csflow.scheduled_jobs() IS
'The jobs of this database that pg_cron has, as far as this role may see them: its own, all for a superuser. Empty where pg_cron lives in another database. Design 2.13.';

CREATE FUNCTION csflow.can_read_jobs() RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN CASE WHEN (csflow.scheduler()).state <> 'here' THEN false
    WHEN NOT has_schema_privilege('cron', 'USAGE') THEN false
    ELSE has_table_privilege('cron.job', 'SELECT') END;
END
$$;
COMMENT ON FUNCTION csflow.can_read_jobs() IS 'Whether pg_cron is in this database and this role may read its list.';

CREATE FUNCTION csflow.sees_all_jobs() RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN CASE WHEN csflow.can_read_jobs() THEN NOT row_security_active('cron.job') ELSE false END;
END
$$;
COMMENT ON FUNCTION csflow.sees_all_jobs() IS 'Whether this role sees the jobs of all roles in pg_cron''s list, so that a job it does not find is not there.';

CREATE FUNCTION csflow.require_scheduler() RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found record;
BEGIN
  SELECT s.state, s.database, s.version INTO found FROM csflow.scheduler() AS s;
  CASE found.state
    WHEN 'not loaded' THEN
      RAISE EXCEPTION 'pg_cron is not loaded by this server' USING ERRCODE = 'SF019',
        DETAIL = CASE WHEN found.version IS NULL THEN 'Its files are not installed either.' ELSE format('Its files are installed, version %s.', found.version) END,
        HINT = 'Install the package for this PostgreSQL, add pg_cron to shared_preload_libraries and restart; or run the procedures csflow.run_… from any other scheduler.';
    WHEN 'not installed' THEN
      RAISE EXCEPTION 'pg_cron is loaded but not installed in database "%"', current_database() USING ERRCODE = 'SF019',
        HINT = 'Run as a superuser: CREATE EXTENSION pg_cron;';
    WHEN 'unknown' THEN
      RAISE EXCEPTION 'pg_cron is not in database "%", and its settings are hidden from role "%"', current_database(), current_user
        USING ERRCODE = 'SF019', HINT = 'Have a superuser call this function, or grant pg_read_all_settings.';
    WHEN 'here' THEN
      IF NOT has_schema_privilege('cron', 'USAGE') THEN
        RAISE EXCEPTION 'role "%" may not use pg_cron', current_user USING ERRCODE = 'SF019',
          HINT = format('Run as a superuser: GRANT USAGE ON SCHEMA cron TO %I;', current_user);
      ELSIF to_regprocedure('cron.schedule(text, text, text)') IS NULL THEN
        RAISE EXCEPTION 'pg_cron % cannot name its jobs', found.version USING ERRCODE = 'SF019',
          HINT = 'Version 1.4 or newer is needed: ALTER EXTENSION pg_cron UPDATE;';
      END IF;
    ELSE NULL;
  END CASE;
  RETURN found.state;
END
$$;
COMMENT ON FUNCTION csflow.require_scheduler() IS 'Returns here or elsewhere, or raises SF019 saying what keeps pg_cron from running jobs and the cure. Design 2.13.';

CREATE FUNCTION csflow.schedule_jobs(reset boolean DEFAULT false) RETURNS TABLE (job text, schedule text, command text, job_id bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wanted record;
  standing record;
  other bigint;
BEGIN
  PERFORM csflow.require_flow();
  IF csflow.require_scheduler() = 'elsewhere' THEN
    RAISE NOTICE 'pg_cron lives in database "%": run these statements there', (csflow.scheduler()).database;
    RETURN QUERY SELECT w.job, w.schedule, format('SELECT cron.schedule_in_database(%L, %L, %L, %L, %L)', w.name, w.schedule,
      w.command, current_database(), current_user)
      -- There a DBA's own schedule is kept in the same way.
      || CASE WHEN reset THEN '' ELSE format(' WHERE NOT EXISTS (SELECT FROM cron.job WHERE jobname = %L AND command = %L AND username = %L)',
        w.name, w.command, current_user) END, NULL::bigint FROM csflow.wanted_jobs() AS w ORDER BY w.sort_order;
    RETURN;
  END IF;
  FOR wanted IN SELECT w.* FROM csflow.wanted_jobs() AS w ORDER BY w.sort_order LOOP
    -- The same job under another role would run twice; pg_cron itself tells only a role's own jobs apart by name.
    FOR other IN SELECT s.job_id FROM csflow.scheduled_jobs() AS s WHERE s.job = wanted.job AND s.username <> current_user LOOP
      EXECUTE 'SELECT cron.unschedule($1)' USING other;
    END LOOP;
    job := wanted.job;
    command := wanted.command;
    SELECT s.job_id, s.schedule, s.command, s.is_active INTO standing FROM csflow.scheduled_jobs() AS s
    WHERE s.job = wanted.job AND s.username = current_user ORDER BY s.job_id LIMIT 1;
    schedule := CASE WHEN standing.job_id IS NULL OR coalesce(reset, false) THEN wanted.schedule ELSE standing.schedule END;
    job_id := standing.job_id;
    IF standing.job_id IS NULL OR standing.schedule <> schedule OR standing.command <> command THEN
      EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO job_id USING wanted.name, schedule, wanted.command;
    END IF;
    IF reset AND NOT standing.is_active THEN
      EXECUTE 'SELECT cron.alter_job($1, active := true)' USING job_id;
    END IF;
    RETURN NEXT;
  END LOOP;
END
$$;
COMMENT ON FUNCTION csflow.schedule_jobs(boolean) IS
'Registers all jobs with pg_cron to run in this database as this role, and returns them with their schedules; run again, it doubles none and keeps what a DBA has adjusted since with cron.alter_job(): schedule, and whether it is switched on. reset: true sets everything back to what csflow.wanted_jobs() says. job_id: pg_cron''s number; NULL where pg_cron lives in another database: command is then the statement to run there. Errors: SF019 pg_cron not loaded, not installed or not permitted, with the cure; SF014 no flow. Design 2.13, handbook H3.';

CREATE FUNCTION csflow.unschedule_jobs() RETURNS TABLE (job text, command text, job_id bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  scheduled record;
BEGIN
  IF csflow.require_scheduler() = 'elsewhere' THEN
    RAISE NOTICE 'pg_cron lives in database "%": run these statements there', (csflow.scheduler()).database;
    RETURN QUERY SELECT w.job, format('SELECT cron.unschedule(jobid) FROM cron.job WHERE jobname = %L', w.name), NULL::bigint
    FROM csflow.wanted_jobs() AS w ORDER BY w.sort_order;
    RETURN;
  END IF;
  FOR scheduled IN SELECT s.* FROM csflow.scheduled_jobs() AS s LOOP
    job := scheduled.job;
    command := scheduled.command;
    job_id := scheduled.job_id;
    EXECUTE 'SELECT cron.unschedule($1)' USING scheduled.job_id;
    RETURN NEXT;
  END LOOP;
END
$$;
COMMENT ON FUNCTION csflow.unschedule_jobs() IS
'Removes the jobs of this database from pg_cron, this role''s own or, for a superuser, everybody''s, and returns what was removed; nothing is left of it when run again. Where pg_cron lives in another database: the statements to run there, with job_id NULL. Errors: SF019 as csflow.schedule_jobs. Design 2.13.';

REVOKE EXECUTE ON FUNCTION csflow.start_job(text, timestamptz), csflow.note_desk_failure(text, timestamptz, bigint, text, text), csflow.job_batch(text, timestamptz, integer),
  csflow.continue_job(bigint, integer), csflow.finish_job(bigint), csflow.housekeeping_batch(timestamptz, integer),
  csflow.schedule_jobs(boolean), csflow.unschedule_jobs() FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE csflow.run_escalation(timestamptz, integer), csflow.run_auto_close(timestamptz, integer),
  csflow.run_progress_check(timestamptz, integer), csflow.run_duplicate_check(timestamptz, integer),
  csflow.run_incident_watch(timestamptz, integer), csflow.run_surge_watch(timestamptz, integer),
  csflow.run_weekly_sample(timestamptz, integer), csflow.run_housekeeping(timestamptz, integer),
  csflow.run_archive(timestamptz, integer), csflow.run_audit_anchor(timestamptz, integer) FROM PUBLIC;
