-- Follow-up tasks (handbook D7): the triggers of csflow.task, and the verbs over it.

CREATE FUNCTION csflow.task_after() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'csf_task_after';
COMMENT ON FUNCTION csflow.task_after() IS
'AFTER INSERT or UPDATE, FOR EACH STATEMENT with transition tables, on csflow.task: writes events and moves clocks. Errors: SF004 no such ticket, SF008 an instant before the ticket''s last change, SF009, SF010; SF016 on any other table. Handbook D7.';

CREATE FUNCTION csflow.task_before() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  at timestamptz := now();
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.created_at := coalesce(NEW.created_at, now());
    at := NEW.created_at;
    IF num_nonnulls(NEW.done_at, NEW.cancelled_at) > 0 THEN
      RAISE EXCEPTION 'a new task is neither done nor cancelled' USING ERRCODE = 'SF008', HINT = 'Make it first, then UPDATE it.';
    END IF;
  ELSE
    -- Words leave by the owner's hand, those of a task that is over too (handbook F8, I5).
    IF NEW.title <> OLD.title AND NEW.title IN ('-', csflow.mask_personal_data(OLD.title))
      AND to_jsonb(NEW) - 'title' = to_jsonb(OLD) - 'title'
      AND pg_has_role((SELECT c.relowner FROM pg_class AS c WHERE c.oid = TG_RELID), 'USAGE') THEN
      RETURN NEW;
    END IF;
    IF (NEW.desk_id, NEW.ticket_no, NEW.task_no, NEW.created_at) IS DISTINCT FROM (OLD.desk_id, OLD.ticket_no, OLD.task_no, OLD.created_at)
      OR (OLD.done_at, OLD.cancelled_at) IS DISTINCT FROM (NULL, NULL) THEN
      RAISE EXCEPTION 'task % of ticket % cannot be changed so', OLD.task_no, OLD.ticket_no
        USING ERRCODE = 'SF007', DETAIL = 'Its keys stay, and a task that is done or cancelled stays as it is.', HINT = 'Make another task.';
    END IF;
    at := coalesce(NEW.done_at, NEW.cancelled_at, CASE WHEN NEW.changed_at IS DISTINCT FROM OLD.changed_at THEN NEW.changed_at END, now());
    IF at < OLD.changed_at AND at <> now() THEN
      RAISE EXCEPTION 'task % of ticket % was last changed after %', OLD.task_no, OLD.ticket_no, at
        USING ERRCODE = 'SF008', DETAIL = format('Its last change was at %s.', OLD.changed_at);
    END IF;
    at := greatest(at, OLD.changed_at);
    IF NEW.changed_by IS NOT DISTINCT FROM OLD.changed_by THEN
      NEW.changed_by := NULL;
    END IF;
  END IF;
  IF NOT isfinite(at) OR NOT coalesce(isfinite(NEW.due_at), true) OR NEW.due_at <= NEW.created_at THEN
    RAISE EXCEPTION 'task "%" is due at %, not after it was made', left(NEW.title, 100), coalesce(NEW.due_at::text, 'no instant')
      USING ERRCODE = 'SF008', DETAIL = format('It was made at %s.', NEW.created_at);
  END IF;
  NEW.changed_at := at;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION csflow.task_before() IS
'BEFORE INSERT OR UPDATE, FOR EACH ROW, on csflow.task: fills in its instants and refuses what cannot be. Errors: SF007 keys, or a task that is over; SF008 instants in an impossible order. Handbook D7.';

CREATE FUNCTION csflow.add_task(desk_id bigint, ticket_no csflow.ticket_no, title text, due_at timestamptz DEFAULT NULL,
  assignee_id bigint DEFAULT NULL, team text DEFAULT NULL, priority csflow.priority DEFAULT NULL, message_no bigint DEFAULT NULL,
  agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  added bigint;
  doing_id bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM csflow.ticket AS t WHERE t.desk_id = add_task.desk_id AND t.ticket_no = add_task.ticket_no) THEN
    PERFORM csflow.refuse_unknown_ticket(add_task.desk_id, add_task.ticket_no);
  END IF;
  IF add_task.team IS NOT NULL THEN
    SELECT t.team_id INTO doing_id FROM csflow.team AS t WHERE t.desk_id = add_task.desk_id AND t.code = add_task.team AND t.is_active;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'desk % has no active team "%"', add_task.desk_id, add_task.team
        USING ERRCODE = 'SF005', HINT = 'Name a team by its code, see csflow.team.';
    END IF;
  END IF;
  IF add_task.assignee_id IS NOT NULL AND NOT EXISTS (SELECT FROM csflow.agent AS a
      WHERE a.desk_id = add_task.desk_id AND a.agent_id = add_task.assignee_id AND a.is_active) THEN
    RAISE EXCEPTION 'desk % has no active agent %', add_task.desk_id, add_task.assignee_id
      USING ERRCODE = 'SF005', HINT = 'SELECT agent_id, name FROM csflow.agent lists the agents.';
  END IF;
  INSERT INTO csflow.task AS t (desk_id, ticket_no, title, due_at, agent_id, team_id, priority, message_no, created_at, changed_by)
  VALUES (add_task.desk_id, add_task.ticket_no, csflow.require_text('title of the task', add_task.title), add_task.due_at,
    add_task.assignee_id, doing_id, add_task.priority, add_task.message_no, add_task.at, add_task.agent_id)
  RETURNING t.task_no INTO added;
  RETURN added;
END
$$;
COMMENT ON FUNCTION csflow.add_task(bigint, csflow.ticket_no, text, timestamptz, bigint, text, csflow.priority, bigint, bigint, timestamptz) IS
'Makes a task for a ticket and returns its number (handbook D7). due_at: when it is to be done; assignee_id: who does it; team: the department, by its code; message_no: the message it came from; agent_id: who made it, NULL for the agent whose role this is; at: NULL means now. Errors: SF004 no such ticket, SF005 unknown team or agent, SF008, SF017 no title.';

CREATE FUNCTION csflow.finish_task(desk_id bigint, ticket_no csflow.ticket_no, task_no bigint, agent_id bigint DEFAULT NULL,
  at timestamptz DEFAULT NULL, is_cancelled boolean DEFAULT false) RETURNS timestamptz
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  finished timestamptz;
BEGIN
  -- The ticket first, as everybody locks: who has it and comes to its tasks must not wait for this one.
  PERFORM FROM csflow.ticket AS t WHERE t.desk_id = finish_task.desk_id AND t.ticket_no = finish_task.ticket_no FOR NO KEY UPDATE;
  UPDATE csflow.task AS t
  SET done_at = CASE WHEN NOT finish_task.is_cancelled THEN coalesce(finish_task.at, now()) END,
    cancelled_at = CASE WHEN finish_task.is_cancelled THEN coalesce(finish_task.at, now()) END, changed_by = finish_task.agent_id
  WHERE t.desk_id = finish_task.desk_id AND t.ticket_no = finish_task.ticket_no AND t.task_no = finish_task.task_no
  RETURNING t.changed_at INTO finished;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'ticket % of desk % has no task %', finish_task.ticket_no, finish_task.desk_id, finish_task.task_no
      USING ERRCODE = 'SF005', HINT = 'See csflow.task; row security may also hide it.';
  END IF;
  RETURN finished;
END
$$;
COMMENT ON FUNCTION csflow.finish_task(bigint, csflow.ticket_no, bigint, bigint, timestamptz, boolean) IS
'A task is done, or, with is_cancelled, no longer needed (handbook D7). agent_id: who did it, NULL for the agent whose role this is; at: NULL means now. Returns the instant. Errors: SF005 no such task, SF007 it is over already, SF008, SF010.';

CREATE FUNCTION csflow.window_has_lapsed(desk_id bigint, ticket_no csflow.ticket_no, clock text, at timestamptz) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'csf_window_has_lapsed';
COMMENT ON FUNCTION csflow.window_has_lapsed(bigint, csflow.ticket_no, text, timestamptz) IS
'Whether the last run of a clock that is a window (csflow.target.is_window) has come to its end by the instant at; false where there is none. Used by csflow.object(). Handbook F3.';
