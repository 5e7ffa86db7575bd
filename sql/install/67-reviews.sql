-- Reviews and the causes of lateness: what people record beside the ticket itself (handbook B3, D3, F3, F6, G5).

CREATE FUNCTION csflow.acting_agent(desk_id bigint, agent_id bigint) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  own record;
BEGIN
  SELECT a.agent_id AS id, a.may_act_for_others AS may INTO own FROM csflow.agent AS a
  WHERE a.desk_id = acting_agent.desk_id AND a.role_name = current_user AND a.is_active;
  IF acting_agent.agent_id IS NULL OR acting_agent.agent_id = own.id THEN
    RETURN own.id;
  END IF;
  IF NOT EXISTS (SELECT FROM csflow.agent AS a WHERE a.desk_id = acting_agent.desk_id AND a.agent_id = acting_agent.agent_id) THEN
    RAISE EXCEPTION 'desk % has no agent %', acting_agent.desk_id, acting_agent.agent_id
      USING ERRCODE = 'SF005', HINT = 'SELECT agent_id, name FROM csflow.agent lists the agents.';
  ELSIF NOT coalesce(own.may, false) AND NOT pg_has_role((SELECT c.relowner FROM pg_class AS c
      WHERE c.oid = to_regclass('csflow.ticket')), 'USAGE') THEN
    RAISE EXCEPTION 'role "%" may not act as agent %', current_user, acting_agent.agent_id
      USING ERRCODE = 'SF010', HINT = 'Leave agent_id empty, or set agent.may_act_for_others for the role''s own agent.';
  END IF;
  RETURN acting_agent.agent_id;
END
$$;
COMMENT ON FUNCTION csflow.acting_agent(bigint, bigint) IS
'Who acts: agent_id where current_user may name that agent, its own agent where agent_id is NULL (then NULL for a role without one). Errors: SF005 unknown agent, SF010 not allowed. Used by verbs whose rows no trigger fills. Design 2.10.';

CREATE FUNCTION csflow.participant_id(desk_id bigint, ticket_no csflow.ticket_no, participant text) RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  post text := split_part(participant, '/', 2);
BEGIN
  RETURN (
    SELECT a.agent_id
    FROM csflow.ticket AS t
    JOIN csflow.agent AS a ON a.desk_id = t.desk_id AND a.is_active AND a.agent_id = CASE
      WHEN participant = 'owner' THEN t.agent_id
      WHEN participant IN ('supervisor', 'head') THEN
        (SELECT CASE participant WHEN 'head' THEN g.head_id ELSE g.supervisor_id END FROM csflow.team AS g
          WHERE g.desk_id = t.desk_id AND g.team_id = t.team_id)
      WHEN post <> '' THEN
        (SELECT CASE post WHEN 'head' THEN g.head_id ELSE g.supervisor_id END FROM csflow.team AS g
          WHERE g.desk_id = t.desk_id AND g.code = split_part(participant, '/', 1)) END
    WHERE t.desk_id = participant_id.desk_id AND t.ticket_no = participant_id.ticket_no);
END
$$;
COMMENT ON FUNCTION csflow.participant_id(bigint, csflow.ticket_no, text) IS
'The agent that a recipient (owner, supervisor, head, TEAM/supervisor, TEAM/head) is for a ticket now; NULL for a department or a vacant post, also one whose holder is no longer active. Handbook D3.';

CREATE FUNCTION csflow.addressee(desk_id bigint, ticket_no csflow.ticket_no, recipient text, OUT kind text, OUT id bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  person bigint := csflow.participant_id(addressee.desk_id, addressee.ticket_no, addressee.recipient);
BEGIN
  IF person IS NOT NULL THEN
    kind := 'agent';
    id := person;
    RETURN;
  END IF;
  kind := CASE WHEN addressee.recipient IN ('supervisor', 'head') OR addressee.recipient LIKE '%/%' THEN 'role' ELSE 'team' END;
  SELECT CASE addressee.recipient
    WHEN 'supervisor' THEN t.team_id
    WHEN 'head' THEN t.team_id
    WHEN 'coordinator' THEN d.review_team_id
    WHEN 'owner' THEN coalesce(t.team_id, d.review_team_id)
    WHEN 'team' THEN coalesce(t.team_id, d.review_team_id)
    ELSE (SELECT g.team_id FROM csflow.team AS g WHERE g.desk_id = t.desk_id AND g.code = split_part(addressee.recipient, '/', 1)) END
  INTO id
  FROM csflow.ticket AS t JOIN csflow.desk AS d ON d.desk_id = t.desk_id
  WHERE t.desk_id = addressee.desk_id AND t.ticket_no = addressee.ticket_no;
END
$$;
COMMENT ON FUNCTION csflow.addressee(bigint, csflow.ticket_no, text) IS
'Whom a notice to a recipient goes to now, as csflow.outbox has it and as steps address it: an agent; a team (also for owner while nobody has the ticket); a role with its team while the post is vacant, so that the notice is not lost. Arguments: desk, ticket, recipient as in csflow.step.recipients. Result: recipient_kind, recipient_id. Handbook D3, D6, E2.';

CREATE FUNCTION csflow.approvers(desk_id bigint, ticket_no csflow.ticket_no, subject text, amount numeric DEFAULT NULL)
RETURNS TABLE (approver text, up_to numeric, may_approve boolean, agent_ids bigint[])
LANGUAGE plpgsql STABLE ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT l.approver, l.up_to, coalesce(l.up_to IS NULL OR l.up_to >= approvers.amount, false),
    ARRAY(SELECT a.agent_id FROM csflow.agent AS a
      WHERE a.desk_id = l.desk_id AND a.is_active AND NOT a.is_bot AND CASE
        WHEN l.approver IN ('supervisor', 'head') OR l.approver LIKE '%/%'
          THEN a.agent_id = (SELECT csflow.participant_id(l.desk_id, approvers.ticket_no, l.approver))
        ELSE a.team_id = CASE l.approver WHEN 'team' THEN t.team_id WHEN 'coordinator' THEN d.review_team_id
          ELSE (SELECT g.team_id FROM csflow.team AS g WHERE g.desk_id = l.desk_id AND g.code = l.approver) END END
      ORDER BY a.agent_id)
  FROM csflow.approval_limit AS l
    JOIN csflow.desk AS d ON d.desk_id = l.desk_id
    LEFT JOIN csflow.ticket AS t ON t.desk_id = l.desk_id AND t.ticket_no = approvers.ticket_no
  WHERE l.desk_id = approvers.desk_id
    AND l.subject = CASE WHEN EXISTS (SELECT FROM csflow.approval_limit AS o
      WHERE o.desk_id = approvers.desk_id AND o.subject = approvers.subject) THEN approvers.subject ELSE 'all' END
  ORDER BY l.up_to NULLS LAST, l.approver COLLATE "C";
END
$$;
COMMENT ON FUNCTION csflow.approvers(bigint, csflow.ticket_no, text, numeric) IS
'Who decides on a request for approval, lowest first, from csflow.approval_limit. Arguments: desk, ticket, subject, amount in the desk''s currency (NULL: not stated, which only an approver without a limit may approve). Result: approver; up_to, its limit; may_approve, whether that covers the amount; agent_ids, who that is now. No row: anybody but the proposer decides. Handbook E2.';

CREATE FUNCTION csflow.check_approval() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  ladder text;
  decides boolean;
  sum text := coalesce(NEW.subject || ' of ' || NEW.amount, NEW.subject || ' without an amount');
BEGIN
  IF TG_OP = 'UPDATE' AND (NEW.subject, NEW.amount, NEW.is_approved, NEW.decided_by)
      IS NOT DISTINCT FROM (OLD.subject, OLD.amount, OLD.is_approved, OLD.decided_by) THEN
    RETURN NEW;
  END IF;
  SELECT string_agg(format('%s up to %s', w.approver, coalesce(w.up_to::text, 'any amount')), ', ' ORDER BY w.place),
    (array_agg(w.approver ORDER BY w.place) FILTER (WHERE w.may_approve))[1],
    coalesce(bool_or(NEW.decided_by = ANY (w.agent_ids) AND (w.may_approve OR NOT NEW.is_approved)), false)
  INTO ladder, NEW.approver, decides
  FROM csflow.approvers(NEW.desk_id, NEW.ticket_no, NEW.subject, NEW.amount) WITH ORDINALITY
    AS w (approver, up_to, may_approve, agent_ids, place);
  IF ladder IS NULL THEN
    RETURN NEW;
  ELSIF NEW.approver IS NULL AND NEW.is_approved IS DISTINCT FROM false THEN
    RAISE EXCEPTION 'nobody may approve a %', sum
      USING ERRCODE = 'SF010', DETAIL = format('Approvers: %s.', ladder),
        HINT = 'State the amount, ask for less, or add an approver to csflow.approval_limit.';
  ELSIF NEW.is_approved IS NOT NULL AND NOT decides THEN
    RAISE EXCEPTION '% may not decide on a %', coalesce('agent ' || NEW.decided_by, format('role "%s", which is no agent,', current_user)), sum
      USING ERRCODE = 'SF010', DETAIL = format('Approvers: %s.', ladder),
        HINT = format('Have it decided by: %s. SELECT * FROM csflow.approvers(…) says who that is.', coalesce(NEW.approver, ladder));
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION csflow.check_approval() IS
'Trigger of csflow.approval: fills approver, and refuses (SF010) what nobody of csflow.approval_limit may approve, and decisions of whoever is no approver, or approves above their limit. To reject, any approver of the subject will do. Handbook E2.';

CREATE FUNCTION csflow.tell_approvers() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO csflow.outbox (desk_id, ticket_no, created_at, topic, recipient_kind, recipient_id, recipient)
  SELECT n.desk_id, n.ticket_no, n.proposed_at, 'approval', a.kind, a.id, w.approver
  FROM new_rows AS n
    CROSS JOIN LATERAL (
      SELECT c.approver
      FROM (
        SELECT p.approver, p.agent_ids, p.place
        FROM csflow.approvers(n.desk_id, n.ticket_no, n.subject, n.amount) WITH ORDINALITY AS p (approver, up_to, may_approve, agent_ids, place)
        WHERE p.may_approve
        UNION ALL
        -- Where there are no limits anybody else decides; the handbook has a supervisor do it.
        SELECT v.approver, array_remove(ARRAY[csflow.participant_id(n.desk_id, n.ticket_no, v.approver)], NULL), v.place
        FROM (VALUES ('supervisor', 1), ('head', 2)) AS v (approver, place)
        WHERE n.approver IS NULL) AS c
      -- The lowest with somebody who may decide; a vacant post before one whose only holder is the proposer.
      ORDER BY array_remove(c.agent_ids, n.proposed_by) = '{}', c.agent_ids <> '{}', c.place
      LIMIT 1) AS w
    CROSS JOIN LATERAL csflow.addressee(n.desk_id, n.ticket_no, w.approver) AS a
  WHERE n.decided_at IS NULL
  ORDER BY n.desk_id, n.ticket_no, n.approval_no;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION csflow.tell_approvers() IS
'Trigger of csflow.approval, once a statement that adds rows: puts into the outbox, topic approval, that a request waits, for the lowest approver who may approve it and is somebody else than the proposer; where posts are vacant, for the role. Without limits for the subject that is the supervisor, else the head. Rows decided already tell nobody. Handbook E2.';

CREATE FUNCTION csflow.open_review(desk_id bigint, ticket_no csflow.ticket_no, kind text, participants text[],
  agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  opened bigint;
  instant timestamptz := coalesce(open_review.at, now());
BEGIN
  PERFORM csflow.acting_agent(open_review.desk_id, open_review.agent_id);
  IF coalesce(cardinality(open_review.participants), 0) = 0
    OR EXISTS (SELECT FROM unnest(open_review.participants) AS p (code) WHERE p.code IS NULL) THEN
    PERFORM csflow.require_text('participant', NULL);
  END IF;
  PERFORM csflow.require_code('kind of review', csflow.require_text('kind of review', open_review.kind), '{escalation,supervisor,objection,emergency}');
  PERFORM csflow.require_recipients(open_review.desk_id, open_review.participants);
  PERFORM FROM csflow.ticket AS t
  WHERE t.desk_id = open_review.desk_id AND t.ticket_no = open_review.ticket_no FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(open_review.desk_id, open_review.ticket_no);
  END IF;
  -- One of a kind at a time: whoever comes second joins the one that is open.
  SELECT r.review_no INTO opened FROM csflow.review AS r
  WHERE r.desk_id = open_review.desk_id AND r.ticket_no = open_review.ticket_no AND r.kind = open_review.kind AND r.closed_at IS NULL
  ORDER BY r.review_no LIMIT 1;
  IF FOUND THEN
    RETURN opened;
  END IF;
  INSERT INTO csflow.review AS r (desk_id, ticket_no, kind, opened_at, participants, participant_ids)
  VALUES (open_review.desk_id, open_review.ticket_no, open_review.kind, instant, open_review.participants,
    ARRAY(SELECT csflow.participant_id(open_review.desk_id, open_review.ticket_no, p.code)
      FROM unnest(open_review.participants) WITH ORDINALITY AS p (code, place) ORDER BY p.place))
  RETURNING r.review_no INTO opened;
  INSERT INTO csflow.outbox (desk_id, ticket_no, created_at, topic, recipient_kind, recipient_id, recipient)
  SELECT open_review.desk_id, open_review.ticket_no, instant, 'review', a.kind, a.id, p.code
  FROM unnest(open_review.participants) WITH ORDINALITY AS p (code, place)
    CROSS JOIN LATERAL csflow.addressee(open_review.desk_id, open_review.ticket_no, p.code) AS a
  ORDER BY p.place;
  RETURN opened;
END
$$;
COMMENT ON FUNCTION csflow.open_review(bigint, csflow.ticket_no, text, text[], bigint, timestamptz) IS
'Opens a review of a ticket and tells its participants; where one of this kind is open, that one. kind: escalation, supervisor, objection or emergency; participants: as csflow.step.recipients, such as {technical_team/head,supervisor}; at: NULL means now. Returns review_no. Errors: SF004, SF005 unknown kind, participant or agent, SF010, SF017 nobody takes part. Handbook B3, D3, F3, F6.';

CREATE FUNCTION csflow.close_review(desk_id bigint, ticket_no csflow.ticket_no, review_no bigint, outcome text,
  explanation text DEFAULT NULL, agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  held record;
BEGIN
  PERFORM csflow.require_text('outcome of the review', close_review.outcome);
  SELECT r.kind, r.opened_at, r.closed_at INTO held FROM csflow.review AS r
  WHERE r.desk_id = close_review.desk_id AND r.ticket_no = close_review.ticket_no AND r.review_no = close_review.review_no
  FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'ticket % of desk % has no review %', close_review.ticket_no, close_review.desk_id, close_review.review_no
      USING ERRCODE = 'SF005', HINT = 'See csflow.review.';
  ELSIF held.closed_at IS NOT NULL THEN
    RAISE EXCEPTION 'review % is closed', close_review.review_no USING ERRCODE = 'SF006', DETAIL = format('It was at %s.', held.closed_at);
  ELSIF coalesce(close_review.at, now()) < held.opened_at THEN
    RAISE EXCEPTION 'review % was opened after %', close_review.review_no, coalesce(close_review.at, now()) USING ERRCODE = 'SF008';
  ELSIF held.kind = 'objection' THEN
    PERFORM csflow.require_code('outcome of the review of an objection', close_review.outcome, '{uphold,amend,higher_level}');
  END IF;
  UPDATE csflow.review AS r
  SET closed_at = coalesce(close_review.at, now()), outcome = close_review.outcome, explanation = close_review.explanation,
    closed_by = csflow.acting_agent(close_review.desk_id, close_review.agent_id)
  WHERE r.desk_id = close_review.desk_id AND r.ticket_no = close_review.ticket_no AND r.review_no = close_review.review_no;
END
$$;
COMMENT ON FUNCTION csflow.close_review(bigint, csflow.ticket_no, bigint, text, text, bigint, timestamptz) IS
'Ends a review. outcome: what it came to; for an objection uphold, amend or higher_level (handbook F3), which the customer is told by a reply with the milestone of that outcome; explanation: why. Errors: SF005 unknown review, outcome or agent, SF006 closed already, SF008 before it was opened, SF010, SF017 no outcome. Handbook D3, F3, F6.';

CREATE FUNCTION csflow.record_late_cause(desk_id bigint, ticket_no csflow.ticket_no, cause text, explanation text DEFAULT NULL,
  clock text DEFAULT NULL, agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  instant timestamptz := coalesce(record_late_cause.at, now());
  actor bigint := csflow.acting_agent(record_late_cause.desk_id, record_late_cause.agent_id);
  recorded integer;
BEGIN
  PERFORM csflow.require_text('cause', record_late_cause.cause);
  PERFORM csflow.require_code('cause of lateness', record_late_cause.cause, csflow.desk_codes(record_late_cause.desk_id, 'late_cause'));
  PERFORM FROM csflow.ticket AS t
  WHERE t.desk_id = record_late_cause.desk_id AND t.ticket_no = record_late_cause.ticket_no FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(record_late_cause.desk_id, record_late_cause.ticket_no);
  END IF;
  INSERT INTO csflow.late_cause AS l (desk_id, ticket_no, clock, run, cause, explanation, recorded_by, recorded_at)
  SELECT c.desk_id, c.ticket_no, c.clock, c.run, record_late_cause.cause, record_late_cause.explanation, actor, instant
  FROM csflow.clock AS c
  WHERE c.desk_id = record_late_cause.desk_id AND c.ticket_no = record_late_cause.ticket_no
    AND CASE WHEN record_late_cause.clock IS NOT NULL THEN c.clock = record_late_cause.clock
      ELSE EXISTS (SELECT FROM csflow.step AS s WHERE s.desk_id = c.desk_id AND s.target_id = c.target_id
        AND s.action = 'ask_late_cause') END
    AND CASE WHEN c.stopped_at IS NULL THEN c.due_at < instant ELSE c.outcome = 'breached' END
  ON CONFLICT ON CONSTRAINT late_cause_pkey DO UPDATE
  SET cause = excluded.cause, explanation = record_late_cause.explanation, recorded_by = excluded.recorded_by, recorded_at = excluded.recorded_at;
  GET DIAGNOSTICS recorded = ROW_COUNT;
  IF recorded = 0 THEN
    RAISE EXCEPTION 'ticket % of desk % was not late%', record_late_cause.ticket_no, record_late_cause.desk_id,
        coalesce(' by clock "' || record_late_cause.clock || '"', ' by a clock that asks for the cause')
      USING ERRCODE = 'SF010', HINT = 'csflow.clock_status shows its clocks; name one of them that is breached or overdue.';
  END IF;
  RETURN recorded;
END
$$;
COMMENT ON FUNCTION csflow.record_late_cause(bigint, csflow.ticket_no, text, text, text, bigint, timestamptz) IS
'Records why a ticket was late (handbook G5). cause: a code of csflow.caption of kind late_cause, such as process_design, staff_skill, resources; explanation: in words; clock: the one missed, NULL for every missed one whose target asks (action ask_late_cause). Another cause for the same run replaces the first. Returns the runs it was recorded for. Errors: SF004, SF005 unknown cause or agent, SF010 the ticket was not late, SF017 no cause.';
