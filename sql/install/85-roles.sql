-- Roles and how far their rights reach (handbook H2, A5; design 2.10, 2.11). Nothing here is SECURITY DEFINER: tables, columns and
-- row security decide, and setup_roles() is where they are set.

CREATE FUNCTION csflow.my_reach(reach text, as_written boolean DEFAULT false) RETURNS TABLE (desk_id bigint, id bigint)
LANGUAGE plpgsql STABLE COST 1000 ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY SELECT r.desk_id, r.id FROM csflow.my_right AS r
  WHERE (r.reach = my_reach.reach OR r.reach = 'supervised' AND my_reach.reach = 'team') AND (r.as_written OR NOT my_reach.as_written);
END
$$;
COMMENT ON FUNCTION csflow.my_reach(text, boolean) IS
'How far the rights of current_user reach, for policies and views: uncorrelated, so that a query asks once and not once a row. Arguments: reach as in csflow.my_right (team: supervised ones too); as_written: only where texts may be read as written. Result: desk_id, id as there. Handbook H2.';

CREATE FUNCTION csflow.temporary_right_before() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.granted_by := csflow.acting_agent(NEW.desk_id, NEW.granted_by);
    IF NEW.granted_by = NEW.agent_id THEN
      RAISE EXCEPTION 'agent % cannot grant a right to themselves', NEW.agent_id USING ERRCODE = 'SF010', HINT = 'Have somebody else grant it.';
    ELSIF NEW.expires_at <= now() OR NOT isfinite(NEW.expires_at) THEN
      RAISE EXCEPTION 'a right that expires at % is none', NEW.expires_at USING ERRCODE = 'SF008', HINT = 'Name a later instant.';
    END IF;
    NEW.granted_at := now();
    NEW.given_back_at := NULL;
    RETURN NEW;
  END IF;
  -- Words leave by the owner's hand (handbook F8, I5).
  IF NEW.reason <> OLD.reason AND NEW.reason IN ('-', csflow.mask_personal_data(OLD.reason))
    AND to_jsonb(NEW) - 'reason' = to_jsonb(OLD) - 'reason'
    AND pg_has_role((SELECT c.relowner FROM pg_class AS c WHERE c.oid = TG_RELID), 'USAGE') THEN
    RETURN NEW;
  END IF;
  IF OLD.given_back_at IS NOT NULL OR NEW.given_back_at IS NULL
    OR (NEW.desk_id, NEW.right_no, NEW.agent_id, NEW.ticket_no, NEW.team_id, NEW.as_written, NEW.reason, NEW.granted_by, NEW.granted_at,
      NEW.expires_at) IS DISTINCT FROM (OLD.desk_id, OLD.right_no, OLD.agent_id, OLD.ticket_no, OLD.team_id, OLD.as_written, OLD.reason,
      OLD.granted_by, OLD.granted_at, OLD.expires_at) THEN
    RAISE EXCEPTION 'right % of desk % cannot be changed so', OLD.right_no, OLD.desk_id
      USING ERRCODE = 'SF007', DETAIL = 'It can only be given back, once.', HINT = 'Grant another one.';
  END IF;
  NEW.given_back_at := now();
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION csflow.temporary_right_before() IS
'Trigger of csflow.temporary_right: fills who granted it and when; rights can only be given back. Errors: SF010 to oneself or in another''s name, SF008 not in the future, SF007 another change. Handbook H2.';

CREATE FUNCTION csflow.temporary_right_after() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'csf_temporary_right_after';
COMMENT ON FUNCTION csflow.temporary_right_after() IS
'Trigger of csflow.temporary_right: records right_granted and right_given_back as events of the ticket the right is for; new_value is the agent, due_at when it lapses. Handbook H1, H2.';

CREATE FUNCTION csflow.grant_temporary_right(desk_id bigint, holder_id bigint, expires_at timestamptz, reason text,
  ticket_no csflow.ticket_no DEFAULT NULL, team text DEFAULT NULL, as_written boolean DEFAULT false, agent_id bigint DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  granted bigint;
  meant_id bigint;
BEGIN
  PERFORM csflow.require_desk(grant_temporary_right.desk_id);
  PERFORM csflow.require_text('reason of the right', grant_temporary_right.reason);
  PERFORM csflow.require_text('holder of the right', grant_temporary_right.holder_id::text);
  PERFORM csflow.require_text('instant at which the right lapses', grant_temporary_right.expires_at::text);
  IF num_nonnulls(grant_temporary_right.ticket_no, grant_temporary_right.team) <> 1 THEN
    RAISE EXCEPTION 'a right is for a ticket or for a team' USING ERRCODE = 'SF017', HINT = 'Give one of ticket_no and team.';
  END IF;
  IF NOT EXISTS (SELECT FROM csflow.agent AS a
      WHERE a.desk_id = grant_temporary_right.desk_id AND a.agent_id = grant_temporary_right.holder_id AND a.is_active) THEN
    RAISE EXCEPTION 'desk % has no agent %', grant_temporary_right.desk_id, grant_temporary_right.holder_id
      USING ERRCODE = 'SF005', HINT = 'SELECT agent_id, name FROM csflow.agent lists the agents.';
  ELSIF grant_temporary_right.ticket_no IS NOT NULL AND NOT EXISTS (SELECT FROM csflow.ticket AS t
      WHERE t.desk_id = grant_temporary_right.desk_id AND t.ticket_no = grant_temporary_right.ticket_no) THEN
    PERFORM csflow.refuse_unknown_ticket(grant_temporary_right.desk_id, grant_temporary_right.ticket_no);
  END IF;
  IF grant_temporary_right.team IS NOT NULL THEN
    SELECT t.team_id INTO meant_id FROM csflow.team AS t
    WHERE t.desk_id = grant_temporary_right.desk_id AND t.code = grant_temporary_right.team AND t.is_active;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'desk % has no active team "%"', grant_temporary_right.desk_id, grant_temporary_right.team
        USING ERRCODE = 'SF005', HINT = 'Name a team by its code, see csflow.team.';
    END IF;
  END IF;
  granted := nextval('csflow.right_no_seq');
  INSERT INTO csflow.temporary_right (desk_id, right_no, agent_id, ticket_no, team_id, as_written, reason, granted_by, expires_at)
  VALUES (grant_temporary_right.desk_id, granted, grant_temporary_right.holder_id, grant_temporary_right.ticket_no, meant_id,
    coalesce(grant_temporary_right.as_written, false), grant_temporary_right.reason, grant_temporary_right.agent_id,
    grant_temporary_right.expires_at);
  RETURN granted;
END
$$;
COMMENT ON FUNCTION csflow.grant_temporary_right(bigint, bigint, timestamptz, text, csflow.ticket_no, text, boolean, bigint) IS
'Lets an agent see and work on a ticket, or the tickets of a team, until an instant; then the right lapses by itself. Supervisors grant it for their teams, administrators for their desk. Arguments: desk_id, agent who gets it, when it lapses, reason, ticket or code of the team, whether texts are shown as written (else masked), agent_id: who grants (default: the agent of the current role). Result: right_no. Recorded as event right_granted of the ticket. Errors: SF001 unknown desk, SF004 unknown ticket, SF005 unknown agent or team, SF008 lapses in the past, SF010 to oneself, SF017 reason, ticket or team missing, 42501 not one''s own to grant. Handbook H2.';

CREATE FUNCTION csflow.give_back_right(desk_id bigint, right_no bigint) RETURNS timestamptz
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- Its ticket first, as everybody locks: who has the ticket and comes to its rights must not wait for this one.
  PERFORM FROM csflow.ticket AS t
  WHERE t.desk_id = give_back_right.desk_id AND t.ticket_no = (SELECT r.ticket_no FROM csflow.temporary_right AS r
    WHERE r.desk_id = give_back_right.desk_id AND r.right_no = give_back_right.right_no)
  FOR NO KEY UPDATE;
  UPDATE csflow.temporary_right AS r SET given_back_at = now()
  WHERE r.desk_id = give_back_right.desk_id AND r.right_no = give_back_right.right_no;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'desk % has no temporary right %', give_back_right.desk_id, give_back_right.right_no
      USING ERRCODE = 'SF005', HINT = 'See csflow.temporary_right; row security may also hide it.';
  END IF;
  RETURN now();
END
$$;
COMMENT ON FUNCTION csflow.give_back_right(bigint, bigint) IS
'Ends a temporary right before it lapses: its holder gives it back, or whoever could grant it takes it away. Arguments: desk_id, right_no. Result: the instant. Recorded as event right_given_back of the ticket. Errors: SF005 no such right, SF007 given back already. Handbook H2.';

CREATE FUNCTION csflow.role_rights() RETURNS TABLE (object text, rows_of text, reader text, agent text, supervisor text, administrator text,
  hidden text[], insertable text[], updatable text[])
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  -- Letters: r SELECT, i INSERT, u UPDATE, d DELETE. hidden: columns only administrators read. insertable, updatable: NULL means all.
  SELECT v.object, v.rows_of, v.reader, v.agent, v.supervisor, v.administrator, v.hidden::text[], v.insertable::text[], v.updatable::text[]
  FROM (VALUES
    ('flow', NULL, 'r', 'r', 'r', 'r', NULL, NULL, NULL),
    ('dropped_month', NULL, '', '', '', 'r', NULL, NULL, NULL),
    ('migration', NULL, '', '', '', 'r', NULL, NULL, NULL),
    ('desk', 'desk', 'r', 'r', 'r', 'ru', NULL, NULL, NULL),
    ('configuration_version', 'desk', 'r', 'r', 'r', 'r', NULL, NULL, NULL),
    ('team', 'desk', 'r', 'r', 'r', 'riud', NULL, NULL, NULL),
    ('agent', 'desk', 'r', 'r', 'r', 'riud', NULL, NULL, NULL),
    ('channel', 'desk', 'r', 'r', 'r', 'riud', NULL, NULL, NULL),
    ('category', 'desk', 'r', 'r', 'r', 'riud', NULL, NULL, NULL),
    ('keyword_rule', 'desk', '', 'r', 'r', 'riud', NULL, NULL, NULL),
    ('keyword_alias', 'desk', '', 'r', 'r', 'riud', NULL, NULL, NULL),
    ('lexicon', 'desk', '', 'r', 'r', 'riud', NULL, NULL, NULL),
    ('priority_rule', 'desk', '', 'r', 'r', 'riud', NULL, NULL, NULL),
    ('approval_limit', 'desk', 'r', 'r', 'r', 'riud', NULL, NULL, NULL),
    ('working_calendar', 'desk', 'r', 'r', 'r', 'riud', NULL, NULL, NULL),
    ('calendar_day', 'desk', 'r', 'r', 'r', 'riud', NULL, NULL, NULL),
    ('target', 'desk', 'r', 'r', 'r', 'riud', NULL, NULL, NULL),
    ('step', 'desk', 'r', 'r', 'r', 'riud', NULL, NULL, NULL),
    ('transition', 'desk', 'r', 'r', 'r', 'riud', NULL, NULL, NULL),
    ('caption', 'desk', 'r', 'r', 'r', 'riud', NULL, NULL, NULL),
    ('campaign', 'desk', 'r', '', 'r', 'riud', NULL, NULL, NULL),
    ('report_calendar', 'desk', 'r', '', 'r', 'riud', NULL, NULL, NULL),
    ('rule_history', 'desk', '', '', '', 'r', NULL, NULL, NULL),
    ('audit_anchor', 'desk', '', '', '', 'r', NULL, NULL, NULL),
    ('audit_anchor_month', 'desk', '', '', '', 'r', NULL, NULL, NULL),
    ('audit_anchor_head', 'desk', '', '', '', 'r', NULL, NULL, NULL),
    ('ticket_chain', 'desk', '', '', '', 'r', NULL, NULL, NULL),
    ('set_aside', 'desk', '', '', '', 'r', NULL, NULL, NULL),
    ('health_hour', 'desk', 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('health_day', 'desk', 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('health_month', 'desk', 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('health_value', 'desk', 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('health_progress', 'desk', 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('attainment_day', 'desk', 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('attainment_value', 'desk', 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('surge_episode', 'desk', 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('customer', 'customer', '', 'riu', 'riu', 'riu', '{attributes}', '{desk_id,customer_id,external_id,nickname,language}', '{nickname,language}'),
    ('improvement', 'improvement', '', 'r', 'riu', 'riu', NULL, NULL, NULL),
    ('ticket', 'ticket', 'r', 'riu', 'riu', 'riu', '{title,body,attributes,change_reason}',
      '{desk_id,state,channel,customer_id,customer_tier,title,body,body_origin,kind,category_id,impact,urgency,priority,complexity,handling_tier,team_id,agent_id,amount,attributes,source,external_id,parent_no,opened_at,next_news_at,changed_at,changed_by,changed_by_kind,change_reason}',
      '{state,title,attributes,customer_id,kind,category_id,impact,urgency,priority,complexity,handling_tier,needs_review,team_id,agent_id,reviewer_id,amount,parent_no,duplicate_of,close_reason,next_news_at,changed_at,changed_by,changed_by_kind,change_reason}'),
    ('message', 'of_ticket', 'r', 'ri', 'ri', 'ri', '{body}', NULL, NULL),
    ('attachment', 'of_ticket', '', 'ri', 'ri', 'ri', NULL, NULL, NULL),
    ('task', 'of_ticket', '', 'riu', 'riu', 'riu', NULL, NULL, '{title,agent_id,team_id,priority,due_at,done_at,cancelled_at,changed_at,changed_by}'),
    ('event', 'of_ticket', 'r', 'r', 'r', 'r', NULL, NULL, NULL),
    ('event_text', 'of_ticket', '', '', '', 'r', NULL, NULL, NULL),
    ('clock', 'of_ticket', 'r', 'r', 'r', 'r', NULL, NULL, NULL),
    ('review', 'review', '', 'riu', 'riu', 'riu', NULL, '{desk_id,ticket_no,kind,opened_at,participants,participant_ids}', '{closed_at,outcome,explanation,closed_by}'),
    ('late_cause', 'late_cause', 'r', 'riu', 'riu', 'riu', '{explanation}', NULL, '{cause,explanation,recorded_by,recorded_at}'),
    ('approval', 'approval', '', 'riu', 'riu', 'riu', NULL, '{desk_id,ticket_no,subject,amount,proposal,proposed_by,proposed_at}', '{is_approved,decision,decided_by,decided_at}'),
    ('outbox', 'outbox', '', 'riu', 'riu', 'riu', NULL, NULL, '{sent_at}'),
    ('customer_link', 'whole_desk', '', 'riu', 'riu', 'riu', NULL, NULL, '{used_at}'),
    -- Columns named, not the table: who may UPDATE a whole table may LOCK it.
    ('survey', 'survey', 'r', 'riu', 'riu', 'riu', '{comment}', NULL,
      '{last_sent_at,sent_count,team_id,agent_id,answered_at,answer_count,efficiency,attitude,clarity,fairness,overall,nps,ces,comment,is_low}'),
    ('ticket_fact', 'of_ticket', 'r', 'r', 'r', 'r', NULL, NULL, NULL),
    ('reply_gap', 'of_ticket', 'r', 'r', 'r', 'r', NULL, NULL, NULL),
    ('reopening', 'of_ticket', 'r', 'r', 'r', 'r', NULL, NULL, NULL),
    ('incident', 'incident', 'r', 'r', 'ru', 'ru', NULL, NULL, '{workaround}'),
    ('sample', 'of_ticket', '', '', 'ru', 'ru', NULL, NULL, '{reviewed_at,reviewed_by,finding}'),
    ('temporary_right', 'temporary_right', '', 'ru', 'riu', 'riu', NULL, '{desk_id,right_no,agent_id,ticket_no,team_id,as_written,reason,granted_by,expires_at}', '{given_back_at}'),
    ('ticket_month', 'none', '', '', '', '', NULL, NULL, NULL),
    ('duplicate_queue', 'none', '', '', '', '', NULL, NULL, NULL),
    ('health_dirty', 'none', '', '', '', '', NULL, NULL, NULL),
    ('job_run', 'none', '', '', '', '', NULL, NULL, NULL),
    ('clock_status', NULL, 'r', 'r', 'r', 'r', NULL, NULL, NULL),
    ('attainment', NULL, 'r', 'r', 'r', 'r', NULL, NULL, NULL),
    ('queue', NULL, '', 'r', 'r', 'r', NULL, NULL, NULL),
    ('timeline', NULL, '', 'r', 'r', 'r', NULL, NULL, NULL),
    ('escalation', NULL, '', 'r', 'r', 'r', NULL, NULL, NULL),
    ('missing_update', NULL, 'r', 'r', 'r', 'r', NULL, NULL, NULL),
    ('late', NULL, 'r', 'r', 'r', 'r', NULL, NULL, NULL),
    ('late_cause_missing', NULL, 'r', 'r', 'r', 'r', NULL, NULL, NULL),
    ('attainment_cut', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('attainment_daily', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('attainment_weekly', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('attainment_monthly', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('waiting_time', NULL, 'r', 'r', 'r', 'r', NULL, NULL, NULL),
    ('late_causes', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('satisfaction', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('negative_feedback', NULL, '', '', '', 'r', NULL, NULL, NULL),
    ('surge', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('forecast', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('sample_list', NULL, '', '', 'r', 'r', NULL, NULL, NULL),
    ('campaign_list', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('improvement_list', NULL, '', 'r', 'r', 'r', NULL, NULL, NULL),
    ('process_figures', NULL, '', '', 'r', 'r', NULL, NULL, NULL),
    ('health_cut', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('health_daily', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('health_weekly', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('health_monthly', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('net_flow', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('backlog', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('first_response', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('transfers', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('backlog_ageing', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('heatmap', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('agent_load', NULL, 'r', 'r', 'r', 'r', NULL, NULL, NULL),
    ('hot_issues', NULL, 'r', '', 'r', 'r', NULL, NULL, NULL),
    ('job', NULL, '', '', '', '', NULL, NULL, NULL)
  ) AS v (object, rows_of, reader, agent, supervisor, administrator, hidden, insertable, updatable);
END;
COMMENT ON FUNCTION csflow.role_rights() IS
'What csflow.setup_roles() gives to whom. Result, a row for each table and view of the flow: which rows (a policy of csflow.row_policies(); none: nobody but the owner; NULL: all, or those the tables behind a view show), letters r SELECT, i INSERT, u UPDATE, d DELETE for each role, columns only administrators may read, and those INSERT and UPDATE are limited to (NULL: all). The views my_right, my_ticket … belong to everybody and are not listed. Handbook H2.';

CREATE FUNCTION csflow.row_policies() RETURNS TABLE (rows_of text, command text, staff boolean, condition text, new_condition text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  -- staff: agents, supervisors and administrators; not staff: readers. %1$s is the table's row, the rest stands as it is.
  SELECT p.rows_of, p.command, p.staff, p.condition, p.new_condition
  FROM (VALUES
    ('member', 'desk_id IN (SELECT r.desk_id FROM csflow.my_reach(''member'') AS r)'),
    ('administrator', 'desk_id IN (SELECT r.desk_id FROM csflow.my_reach(''administrator'') AS r)'),
    ('whole', 'desk_id IN (SELECT r.desk_id FROM csflow.my_reach(''desk'') AS r)'),
    ('handled', 'desk_id IN (SELECT r.desk_id FROM csflow.my_reach(''desk'') AS r)'
      || ' OR (desk_id, team_id) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''team'') AS r)'
      || ' OR (desk_id, agent_id) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''self'') AS r)'
      || ' OR (desk_id, reviewer_id) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''self'') AS r)'
      || ' OR (desk_id, csflow.ticket_no_to_bigint(ticket_no)) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''ticket'') AS r)'),
    ('changed', 'changed_at > now() - interval ''1 hour'' AND (desk_id, changed_by) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''self'') AS r)'),
    ('of_ticket', 'EXISTS (SELECT FROM csflow.ticket AS t WHERE t.desk_id = %1$s.desk_id AND t.ticket_no = %1$s.ticket_no)')
  ) AS c (name, text)
  CROSS JOIN LATERAL (VALUES
    ('desk', 'SELECT', NULL::boolean, c.text, NULL::text, 'member'),
    ('desk', 'INSERT', true, NULL, c.text, 'administrator'),
    ('desk', 'UPDATE', true, c.text, c.text, 'administrator'),
    ('desk', 'DELETE', true, c.text, NULL, 'administrator'),
    ('customer', 'SELECT', true, c.text, NULL, 'member'),
    ('customer', 'INSERT', true, NULL, c.text, 'member'),
    ('customer', 'UPDATE', true, c.text, c.text, 'member'),
    ('improvement', 'SELECT', true, c.text, NULL, 'member'),
    ('improvement', 'INSERT', true, NULL, c.text, 'member'),
    ('improvement', 'UPDATE', true, c.text, c.text, 'member'),
    ('ticket', 'SELECT', false, c.text, NULL, 'member'),
    ('ticket', 'SELECT', true, c.text, NULL, 'handled'),
    -- Whoever changed it last sees it for an hour: a transfer must see the row it leaves behind, an INSERT its number.
    ('ticket', 'SELECT', true, c.text, NULL, 'changed'),
    ('ticket', 'INSERT', true, NULL, c.text, 'member'),
    ('ticket', 'UPDATE', true, c.text, 'desk_id IN (SELECT r.desk_id FROM csflow.my_reach(''member'') AS r)', 'handled'),
    ('of_ticket', 'SELECT', NULL, c.text, NULL, 'of_ticket'),
    ('of_ticket', 'INSERT', true, NULL, c.text, 'of_ticket'),
    ('of_ticket', 'UPDATE', true, c.text, c.text, 'of_ticket'),
    ('review', 'SELECT', true, c.text, NULL, 'of_ticket'),
    ('review', 'INSERT', true, NULL, c.text, 'of_ticket'),
    ('review', 'UPDATE', true, 'closed_at IS NULL AND ' || c.text,
      '(desk_id, closed_by) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''self'') AS r) OR desk_id IN (SELECT r.desk_id FROM csflow.my_reach(''desk'') AS r)', 'of_ticket'),
    ('late_cause', 'SELECT', NULL, c.text, NULL, 'of_ticket'),
    ('late_cause', 'INSERT', true, NULL,
      c.text || ' AND ((desk_id, recorded_by) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''self'') AS r) OR desk_id IN (SELECT r.desk_id FROM csflow.my_reach(''desk'') AS r))', 'of_ticket'),
    ('late_cause', 'UPDATE', true, c.text,
      '(desk_id, recorded_by) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''self'') AS r) OR desk_id IN (SELECT r.desk_id FROM csflow.my_reach(''desk'') AS r)', 'of_ticket'),
    ('approval', 'SELECT', true, c.text, NULL, 'of_ticket'),
    ('approval', 'INSERT', true, NULL,
      c.text || ' AND ((desk_id, proposed_by) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''self'') AS r) OR desk_id IN (SELECT r.desk_id FROM csflow.my_reach(''desk'') AS r))', 'of_ticket'),
    ('approval', 'UPDATE', true, 'decided_at IS NULL AND ' || c.text,
      '(desk_id, decided_by) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''self'') AS r) OR desk_id IN (SELECT r.desk_id FROM csflow.my_reach(''desk'') AS r)', 'of_ticket'),
    -- Tokens of customers' links are for whoever delivers them: a pooled application or an administrator.
    ('outbox', 'SELECT', true, 'NOT coalesce(payload ? ''token'', false) AND ' || c.text, NULL, 'of_ticket'),
    ('outbox', 'SELECT', true, c.text, NULL, 'whole'),
    -- To colleagues, in no words of one's own: what a review or proposal tells is who takes part and who decides.
    ('outbox', 'INSERT', true, NULL, 'topic IN (''review'', ''approval'') AND payload IS NULL AND sent_at IS NULL AND recipient_kind <> ''customer'''
      || ' AND clock IS NULL AND (recipient IS NULL OR recipient IN (''owner'', ''supervisor'', ''head'', ''coordinator'', ''team'')'
      || ' OR EXISTS (SELECT FROM csflow.team AS g WHERE g.desk_id = %1$s.desk_id AND g.code = regexp_replace(%1$s.recipient, ''/(supervisor|head)$'', '''')))'
      || ' AND ' || c.text, 'of_ticket'),
    ('outbox', 'INSERT', true, NULL, c.text, 'whole'),
    ('outbox', 'UPDATE', true, c.text, c.text, 'whole'),
    ('whole_desk', 'SELECT', true, c.text, NULL, 'whole'),
    ('whole_desk', 'INSERT', true, NULL, c.text, 'whole'),
    ('whole_desk', 'UPDATE', true, c.text, c.text, 'whole'),
    ('survey', 'SELECT', NULL, c.text, NULL, 'of_ticket'),
    ('survey', 'INSERT', true, NULL, c.text, 'whole'),
    ('survey', 'UPDATE', true, c.text, c.text, 'whole'),
    ('incident', 'SELECT', NULL, replace(c.text, '%1$s.ticket_no', '%1$s.parent_no'), NULL, 'of_ticket'),
    ('incident', 'UPDATE', true, replace(c.text, '%1$s.ticket_no', '%1$s.parent_no'), replace(c.text, '%1$s.ticket_no', '%1$s.parent_no'), 'of_ticket'),
    ('temporary_right', 'SELECT', true, c.text
      || ' OR (desk_id, agent_id) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''self'') AS r)'
      || ' OR (desk_id, granted_by) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''self'') AS r)'
      || ' OR (desk_id, team_id) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''supervised'') AS r)', NULL, 'administrator'),
    ('temporary_right', 'INSERT', true, NULL, c.text
      || ' OR (desk_id, team_id) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''supervised'') AS r)'
      || ' OR EXISTS (SELECT FROM csflow.ticket AS t WHERE t.desk_id = %1$s.desk_id AND t.ticket_no = %1$s.ticket_no'
      || ' AND (t.desk_id, t.team_id) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''supervised'') AS r))', 'administrator'),
    ('temporary_right', 'UPDATE', true, c.text
      || ' OR (desk_id, agent_id) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''self'') AS r)'
      || ' OR (desk_id, granted_by) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''self'') AS r)'
      || ' OR (desk_id, team_id) IN (SELECT r.desk_id, r.id FROM csflow.my_reach(''supervised'') AS r)', 'true', 'administrator')
  ) AS p (rows_of, command, staff, condition, new_condition, based_on)
  WHERE p.based_on = c.name;
END;
COMMENT ON FUNCTION csflow.row_policies() IS
'The policies of row security, part of csflow.setup_roles(). Result: name as in csflow.role_rights(), command, for staff (agents, supervisors, administrators), for readers (false) or both (NULL), condition of rows read and of rows written, with %1$s for the table. Handbook H2.';

CREATE FUNCTION csflow.setup_role(name text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  standing record;
BEGIN
  IF coalesce(setup_role.name, '') = '' THEN
    RAISE EXCEPTION 'a role needs a name' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'SELECT * FROM csflow.setup_roles(''support'');';
  END IF;
  SELECT r.rolcanlogin OR r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
    OR EXISTS (SELECT FROM pg_auth_members AS m WHERE m.member = r.oid) AS is_foreign
  INTO standing FROM pg_roles AS r WHERE r.rolname = setup_role.name;
  IF NOT FOUND THEN
    EXECUTE format('CREATE ROLE %I NOLOGIN', setup_role.name);
    RETURN true;
  ELSIF standing.is_foreign THEN
    RAISE EXCEPTION 'role "%" exists and is more than a group', setup_role.name
      USING ERRCODE = 'duplicate_object', DETAIL = 'It can log in, is a member of another role, or has rights over the whole server.',
        HINT = 'Give another prefix: SELECT * FROM csflow.setup_roles(''support'').';
  END IF;
  RETURN false;
END
$$;
COMMENT ON FUNCTION csflow.setup_role(text) IS
'Makes one group role unless it stands; part of csflow.setup_roles(). Argument: its name. Result: whether it was made. Errors: 42710 a role of that name is more than a group, 42501 without CREATEROLE, 22023 no name. Handbook H2.';

CREATE FUNCTION csflow.policy_definition(policy oid, source text) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT format('Row security of csflow.setup_roles() (definition %s, as stored %s).', left(md5(source), 12),
    left(md5(concat_ws('|', p.polcmd, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid),
      (SELECT string_agg(r.rolname, ' ' ORDER BY r.rolname) FROM pg_roles AS r WHERE r.oid = ANY (p.polroles)))), 12))
  FROM pg_policy AS p WHERE p.oid = policy_definition.policy;
END;
COMMENT ON FUNCTION csflow.policy_definition(oid, text) IS
'The comment by which csflow.setup_roles() recognises a policy of its own, and whether the definition or the policy has changed since. Arguments: the policy, the statement that makes it. Result: the comment. Handbook H2.';

CREATE FUNCTION csflow.setup_policies(relation regclass, rows_of text, prefix text) RETURNS SETOF text
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  policy record;
BEGIN
  FOR policy IN
    WITH wanted AS (
      SELECT lower(p.command) || CASE p.staff WHEN false THEN '_reader' ELSE '' END
          || CASE WHEN row_number() OVER w > 1 THEN '_' || row_number() OVER w ELSE '' END AS name,
        format(' ON %s FOR %s TO %s%s%s', relation, p.command, g.names, ' USING (' || format(p.condition, quote_ident(c.relname)) || ')',
          ' WITH CHECK (' || format(p.new_condition, quote_ident(c.relname)) || ')') AS source
      FROM csflow.row_policies() AS p
      JOIN pg_class AS c ON c.oid = setup_policies.relation
      CROSS JOIN LATERAL (SELECT string_agg(quote_ident(prefix || '_' || r.name), ', ' ORDER BY r.name) AS names
        FROM (VALUES ('reader', false), ('agent', true), ('supervisor', true), ('administrator', true)) AS r (name, staff)
        WHERE r.staff = p.staff OR p.staff IS NULL) AS g
      WHERE p.rows_of = setup_policies.rows_of
      WINDOW w AS (PARTITION BY p.command, p.staff ORDER BY p.condition, p.new_condition))
    SELECT w.name AS wanted, w.source, s.polname AS standing, d.description,
      csflow.policy_definition(s.oid, w.source) = d.description AS is_same
    FROM wanted AS w
    FULL JOIN (SELECT p.* FROM pg_policy AS p WHERE p.polrelid = setup_policies.relation) AS s ON s.polname = w.name
    LEFT JOIN pg_description AS d ON d.classoid = 'pg_policy'::regclass AND d.objoid = s.oid AND d.objsubid = 0
    ORDER BY coalesce(w.name, s.polname)
  LOOP
    -- Policies that somebody added under names of their own are theirs.
    CONTINUE WHEN policy.is_same OR policy.wanted IS NULL AND coalesce(policy.description, '') NOT LIKE 'Row security of csflow.setup_roles()%';
    IF policy.standing IS NOT NULL THEN
      EXECUTE format('DROP POLICY %I ON %s', policy.standing, relation);
    END IF;
    IF policy.wanted IS NOT NULL THEN
      EXECUTE format('CREATE POLICY %I', policy.wanted) || policy.source;
      EXECUTE format('COMMENT ON POLICY %I ON %s IS %L', policy.wanted, relation, (SELECT csflow.policy_definition(p.oid, policy.source)
        FROM pg_policy AS p WHERE p.polrelid = setup_policies.relation AND p.polname = policy.wanted));
    END IF;
    RETURN NEXT format('policy %s%s', coalesce(policy.wanted, policy.standing::text),
      CASE WHEN policy.standing IS NULL THEN '' WHEN policy.wanted IS NULL THEN ' dropped' ELSE ' made anew' END);
  END LOOP;
END
$$;
COMMENT ON FUNCTION csflow.setup_policies(regclass, text, text) IS
'Makes the policies of one table, replaces those whose definition has changed or that somebody altered, and drops those that are no longer wanted; part of csflow.setup_roles(). Arguments: table, name in csflow.row_policies(), prefix of the roles. Result: what was done. Errors: 42501 not the owner. Handbook H2.';

CREATE FUNCTION csflow.setup_roles(prefix text DEFAULT 'csflow') RETURNS TABLE (object text, done text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  groups text[] := '{reader,agent,supervisor,administrator}';
  role text;
  given record;
  held text;
  letters text;
  statement text;
BEGIN
  PERFORM csflow.require_flow();
  IF prefix IS NULL OR prefix !~ '^[a-z][a-z0-9_]{0,47}$' THEN
    RAISE EXCEPTION 'invalid prefix of roles: "%"', left(coalesce(prefix, 'NULL'), 100)
      USING ERRCODE = 'invalid_parameter_value', HINT = 'A prefix is a lower-case letter, then up to 47 lower-case letters, digits or underscores.';
  ELSIF NOT pg_has_role((SELECT c.relowner FROM pg_class AS c WHERE c.oid = to_regclass('csflow.ticket')), 'USAGE') THEN
    RAISE EXCEPTION 'role "%" does not own the tables of the flow', current_user
      USING ERRCODE = 'insufficient_privilege', HINT = 'Run it as the role that created the first desk.';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('csflow.create_flow', 0));
  SELECT f.role_prefix INTO held FROM csflow.flow AS f;
  IF held <> prefix THEN
    RAISE EXCEPTION 'the roles of this flow are called "%_…"', held
      USING ERRCODE = 'duplicate_object', HINT = format('SELECT * FROM csflow.setup_roles(%L) brings them up to date.', held);
  END IF;
  FOREACH role IN ARRAY groups LOOP
    IF csflow.setup_role(prefix || '_' || role) THEN
      object := prefix || '_' || role;
      done := 'role created';
      RETURN NEXT;
    END IF;
    IF NOT has_schema_privilege(prefix || '_' || role, 'csflow', 'USAGE') THEN
      IF NOT has_schema_privilege('csflow', 'USAGE WITH GRANT OPTION') THEN
        RAISE EXCEPTION 'role "%" cannot grant USAGE on schema csflow', current_user
          USING ERRCODE = 'insufficient_privilege', HINT = format('As a superuser: GRANT USAGE ON SCHEMA csflow TO %I WITH GRANT OPTION.', current_user);
      END IF;
      EXECUTE format('GRANT USAGE ON SCHEMA csflow TO %I', prefix || '_' || role);
    END IF;
  END LOOP;
  IF held IS NULL THEN
    UPDATE csflow.flow AS f SET role_prefix = setup_roles.prefix;
  END IF;

  FOR given IN
    SELECT g.*, c.oid AS relation, c.relkind <> 'v' AS is_table, c.relrowsecurity
    FROM csflow.role_rights() AS g
    JOIN pg_class AS c ON c.oid = to_regclass(format('csflow.%I', g.object))
    ORDER BY g.object
  LOOP
    object := 'csflow.' || given.object;
    FOREACH role IN ARRAY groups LOOP
      letters := CASE role WHEN 'reader' THEN given.reader WHEN 'agent' THEN given.agent WHEN 'supervisor' THEN given.supervisor
        ELSE given.administrator END;
      FOR statement IN
        SELECT format('GRANT %s%s ON csflow.%I TO %I', v.privilege,
          CASE WHEN count(*) FILTER (WHERE NOT k.is_given) > 0
            THEN ' (' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE k.is_given) || ')' ELSE '' END,
          given.object, prefix || '_' || role)
        FROM (VALUES ('r', 'SELECT'), ('i', 'INSERT'), ('u', 'UPDATE'), ('d', 'DELETE')) AS v (letter, privilege)
        JOIN pg_attribute AS a ON a.attrelid = given.relation AND a.attnum > 0 AND NOT a.attisdropped
        CROSS JOIN LATERAL (SELECT coalesce(CASE v.letter
          WHEN 'r' THEN role = 'administrator' OR a.attname <> ALL (given.hidden)
          WHEN 'i' THEN a.attname = ANY (given.insertable)
          WHEN 'u' THEN a.attname = ANY (given.updatable) END, true) AS is_given) AS k
        WHERE letters LIKE '%' || v.letter || '%'
        GROUP BY v.letter, v.privilege
        HAVING bool_or(k.is_given AND CASE v.letter WHEN 'd' THEN NOT has_table_privilege(prefix || '_' || role, given.relation, 'DELETE')
          ELSE NOT has_column_privilege(prefix || '_' || role, given.relation, a.attnum, v.privilege) END)
        ORDER BY v.privilege
      LOOP
        EXECUTE statement;
        done := statement;
        RETURN NEXT;
      END LOOP;
    END LOOP;
    CONTINUE WHEN NOT given.is_table OR given.rows_of IS NULL;
    IF NOT given.relrowsecurity THEN
      EXECUTE format('ALTER TABLE csflow.%I ENABLE ROW LEVEL SECURITY', given.object);
      done := 'row security enabled';
      RETURN NEXT;
    END IF;
    FOR done IN SELECT * FROM csflow.setup_policies(given.relation, given.rows_of, prefix) LOOP
      RETURN NEXT;
    END LOOP;
  END LOOP;

  FOR given IN
    SELECT c.relname AS name, c.oid FROM pg_class AS c
    WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind = 'S' AND c.relname <> 'job_run_id_seq' ORDER BY c.relname
  LOOP
    -- Configuration has numbers of its own, which only administrators draw.
    FOREACH role IN ARRAY CASE WHEN given.name = ANY ('{desk_id_seq,team_id_seq,agent_id_seq,category_id_seq,rule_id_seq,target_id_seq,step_id_seq,campaign_id_seq}'::name[])
      THEN '{administrator}'::text[] ELSE '{agent,supervisor,administrator}' END
    LOOP
      CONTINUE WHEN given.name = 'desk_id_seq' OR has_sequence_privilege(prefix || '_' || role, given.oid, 'USAGE');
      EXECUTE format('GRANT USAGE ON SEQUENCE csflow.%I TO %I', given.name, prefix || '_' || role);
      object := 'csflow.' || given.name;
      done := format('GRANT USAGE TO %I', prefix || '_' || role);
      RETURN NEXT;
    END LOOP;
  END LOOP;
  IF NOT has_function_privilege(prefix || '_administrator', 'csflow.load_playbook(bigint, jsonb)', 'EXECUTE') THEN
    IF NOT has_function_privilege('csflow.load_playbook(bigint, jsonb)', 'EXECUTE WITH GRANT OPTION') THEN
      RAISE EXCEPTION 'role "%" cannot grant EXECUTE on function load_playbook', current_user
        USING ERRCODE = 'insufficient_privilege',
          HINT = format('As a superuser: GRANT EXECUTE ON FUNCTION csflow.load_playbook(bigint, jsonb) TO %I WITH GRANT OPTION.', current_user);
    END IF;
    EXECUTE format('GRANT EXECUTE ON FUNCTION csflow.load_playbook(bigint, jsonb) TO %I', prefix || '_administrator');
    object := 'csflow.load_playbook(bigint, jsonb)';
    done := format('GRANT EXECUTE TO %I', prefix || '_administrator');
    RETURN NEXT;
  END IF;
END
$$;
COMMENT ON FUNCTION csflow.setup_roles(text) IS
'Makes the group roles PREFIX_reader, PREFIX_agent, PREFIX_supervisor and PREFIX_administrator (NOLOGIN), grants them what csflow.role_rights() lists and sets row security by desk and team. Run by the owner of the flow, with CREATEROLE unless the roles stand; never at installation. Idempotent: only what is missing, or differs, is made, with a lock on that table alone. Argument: prefix of the names, the same every time. Result: object and what was done to it; no row when everything stands. Roles of people become members: GRANT csflow_agent TO lin; UPDATE csflow.agent SET role_name = ''lin'' …. Errors: 22023 bad prefix, 42501 not the owner, or without the right to pass on USAGE of the schema, 42710 another prefix before, or a role of that name that is more than a group, SF014 no flow. Handbook H2, design 2.11.';

REVOKE EXECUTE ON FUNCTION csflow.setup_roles(text), csflow.setup_role(text), csflow.setup_policies(regclass, text, text),
  csflow.policy_definition(oid, text) FROM PUBLIC;
