-- The verbs: what people do with a ticket, each one UPDATE of csflow.ticket and/or one INSERT INTO csflow.message with the
-- caller's own rights (design 2.1, 2.10, 2.11). Bodies are plpgsql because the flow's tables come with the first desk.

CREATE FUNCTION csflow.refuse_unknown_ticket(desk_id bigint, ticket_no csflow.ticket_no) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'desk % has no ticket %', refuse_unknown_ticket.desk_id, refuse_unknown_ticket.ticket_no
    USING ERRCODE = 'SF004', HINT = 'Check the desk and the number; row security may also hide the ticket from this role.';
END
$$;
COMMENT ON FUNCTION csflow.refuse_unknown_ticket(bigint, csflow.ticket_no) IS 'Raises SF004, naming desk and ticket. Used by the verbs.';

CREATE FUNCTION csflow.require_text(name text, value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF value IS NULL OR btrim(value, E' \t\r\n\u3000') = '' THEN
    RAISE EXCEPTION '% is missing', name
      USING ERRCODE = 'SF017', DETAIL = format('It was %s.', CASE WHEN value IS NULL THEN 'null' ELSE 'empty' END);
  END IF;
  RETURN value;
END
$$;
COMMENT ON FUNCTION csflow.require_text(text, text) IS 'Returns value, or raises SF017 naming it when it is NULL or blank. Used by the verbs that need a reason or a body.';

CREATE FUNCTION csflow.change_state(desk_id bigint, ticket_no csflow.ticket_no, state text, reason text DEFAULT NULL,
  agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL, actor_kind text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reached text;
BEGIN
  UPDATE csflow.ticket AS t
  SET state = change_state.state, change_reason = change_state.reason, changed_by = change_state.agent_id,
    changed_by_kind = change_state.actor_kind, changed_at = change_state.at
  WHERE t.desk_id = change_state.desk_id AND t.ticket_no = change_state.ticket_no
  RETURNING t.state INTO reached;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(change_state.desk_id, change_state.ticket_no);
  END IF;
  RETURN reached;
END
$$;
COMMENT ON FUNCTION csflow.change_state(bigint, csflow.ticket_no, text, text, bigint, timestamptz, text) IS
'Moves a ticket to a state; the verbs that only do this are written over it. reason is kept with the event; agent_id: who did it, NULL for the agent whose role this is; at: the instant, NULL means now or the last change, whichever is later; actor_kind: customer, agent or system, NULL to have it found out. Returns the state reached. Errors: SF004 unknown ticket, SF005 unknown state or agent, SF006 forbidden transition, SF008 earlier than the last change or infinite, SF009 in the future, SF010 not allowed, SF017 no state, or what it asks for is missing.';

CREATE FUNCTION csflow.current_agent(desk_id bigint) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT a.agent_id FROM csflow.agent AS a
    WHERE a.desk_id = current_agent.desk_id AND a.role_name = current_user AND a.is_active);
END
$$;
COMMENT ON FUNCTION csflow.current_agent(bigint) IS 'The active agent of the desk whose database role is current_user, or NULL (design 2.10).';

CREATE FUNCTION csflow.customer_actor(desk_id bigint, agent_id bigint) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN CASE WHEN customer_actor.agent_id IS NULL AND NOT EXISTS (SELECT FROM csflow.agent AS a
    WHERE a.desk_id = customer_actor.desk_id AND a.role_name = current_user AND a.is_active AND NOT a.may_act_for_others)
    THEN 'customer' END;
END
$$;
COMMENT ON FUNCTION csflow.customer_actor(bigint, bigint) IS
'Whose doing it is when a verb says what the customer does: customer, unless agent_id names who recorded it or this role is itself an agent without may_act_for_others: then NULL, the agent. Design 2.10.';

CREATE FUNCTION csflow.open_ticket(desk_id bigint, channel text, body text, title text DEFAULT NULL, customer_id bigint DEFAULT NULL,
  source text DEFAULT 'csflow', external_id text DEFAULT NULL, attributes jsonb DEFAULT '{}', amount numeric DEFAULT NULL,
  at timestamptz DEFAULT NULL, agent_id bigint DEFAULT NULL) RETURNS csflow.ticket_no
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  actor_kind text := csflow.customer_actor(open_ticket.desk_id, open_ticket.agent_id);
  opened csflow.ticket_no;
BEGIN
  -- Looking first keeps a repeated delivery from drawing a number; ON CONFLICT settles two at the same moment.
  IF open_ticket.external_id IS NOT NULL THEN
    SELECT t.ticket_no INTO opened FROM csflow.ticket AS t
    WHERE t.desk_id = open_ticket.desk_id AND t.source = open_ticket.source AND t.external_id = open_ticket.external_id;
    IF FOUND THEN
      RETURN opened;
    END IF;
  END IF;
  INSERT INTO csflow.ticket AS t (desk_id, channel, body, title, customer_id, source, external_id, attributes, amount, opened_at,
    body_origin, changed_by, changed_by_kind)
  VALUES (open_ticket.desk_id, open_ticket.channel, open_ticket.body, open_ticket.title, open_ticket.customer_id,
    open_ticket.source, open_ticket.external_id, coalesce(open_ticket.attributes, '{}'), open_ticket.amount, open_ticket.at,
    coalesce(actor_kind, 'staff'), open_ticket.agent_id, actor_kind)
  ON CONFLICT ON CONSTRAINT ticket_desk_id_source_external_id_key DO NOTHING
  RETURNING t.ticket_no INTO opened;
  IF NOT FOUND THEN
    SELECT t.ticket_no INTO opened FROM csflow.ticket AS t
    WHERE t.desk_id = open_ticket.desk_id AND t.source = open_ticket.source AND t.external_id = open_ticket.external_id;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'desk % has a ticket "%" of source "%" already, which role "%" does not see', open_ticket.desk_id,
          left(open_ticket.external_id, 100), left(open_ticket.source, 100), current_user
        USING ERRCODE = 'SF004', DETAIL = 'Row security hides it; nothing was opened.', HINT = 'Have it opened by a role that sees the whole desk.';
    END IF;
  END IF;
  RETURN opened;
END
$$;
COMMENT ON FUNCTION csflow.open_ticket(bigint, text, text, text, bigint, text, text, jsonb, numeric, timestamptz, bigint) IS
'Opens a ticket and returns its number. The same external_id from the same source gives the ticket that is there already, unchanged (handbook I1). attributes: the snapshot of device, versions, order … (handbook A3); amount: at stake, in the desk''s currency; at: when it was opened, NULL means now; agent_id: who entered it for the customer, NULL for the customer, or for the agent whose role this is. Errors: SF001 unknown desk, SF004 that ticket is hidden from this role, SF005 unknown channel or customer, SF009, SF010, SF013 text too large, SF017 no channel.';

CREATE FUNCTION csflow.assign(desk_id bigint, ticket_no csflow.ticket_no, assignee_id bigint, reason text DEFAULT NULL,
  agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reached text;
BEGIN
  UPDATE csflow.ticket AS t
  SET agent_id = assign.assignee_id, change_reason = assign.reason, changed_by = assign.agent_id, changed_by_kind = NULL,
    changed_at = assign.at
  WHERE t.desk_id = assign.desk_id AND t.ticket_no = assign.ticket_no
  RETURNING t.state INTO reached;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(assign.desk_id, assign.ticket_no);
  END IF;
  RETURN reached;
END
$$;
COMMENT ON FUNCTION csflow.assign(bigint, csflow.ticket_no, bigint, text, bigint, timestamptz) IS
'Gives the ticket to assignee_id (handbook C2); a new one becomes assigned. agent_id: who gave it, NULL for the agent whose role this is; at: NULL means now. Returns the state. Errors: SF004 unknown ticket, SF005 unknown agent, SF008, SF010.';

CREATE FUNCTION csflow.accept(desk_id bigint, ticket_no csflow.ticket_no, agent_id bigint DEFAULT NULL,
  at timestamptz DEFAULT NULL, part text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reached text;
BEGIN
  UPDATE csflow.ticket AS t
  SET state = 'in_progress', agent_id = coalesce(accept.agent_id, csflow.current_agent(accept.desk_id), t.agent_id),
    change_reason = accept.part, changed_by = accept.agent_id, changed_by_kind = NULL, changed_at = accept.at
  WHERE t.desk_id = accept.desk_id AND t.ticket_no = accept.ticket_no
  RETURNING t.state INTO reached;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(accept.desk_id, accept.ticket_no);
  END IF;
  RETURN reached;
END
$$;
COMMENT ON FUNCTION csflow.accept(bigint, csflow.ticket_no, bigint, timestamptz, text) IS
'The handler takes the ticket up: in_progress, and it is theirs (handbook C3). agent_id: the handler, NULL for the agent whose role this is, else the one it was assigned to; part: the handler''s part, kept with the event. Returns the state. Errors: SF004, SF005 unknown agent, SF006 forbidden transition, SF008, SF010.';

CREATE FUNCTION csflow.transfer(desk_id bigint, ticket_no csflow.ticket_no, team text, reason text, assignee_id bigint DEFAULT NULL,
  agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  receiving_team_id bigint;
  reached text;
BEGIN
  PERFORM csflow.require_text('reason of the transfer', transfer.reason);
  SELECT r.team_id INTO receiving_team_id FROM csflow.team AS r
  WHERE r.desk_id = transfer.desk_id AND r.code = transfer.team AND r.is_active;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'desk % has no active team "%"', transfer.desk_id, transfer.team
      USING ERRCODE = 'SF005', HINT = 'Name a team by its code, see csflow.team.';
  END IF;
  UPDATE csflow.ticket AS t
  SET team_id = receiving_team_id, agent_id = transfer.assignee_id,
    state = CASE WHEN t.state = 'in_progress' THEN 'assigned' ELSE t.state END, change_reason = transfer.reason,
    changed_by = transfer.agent_id, changed_by_kind = NULL, changed_at = transfer.at
  WHERE t.desk_id = transfer.desk_id AND t.ticket_no = transfer.ticket_no
  RETURNING t.state INTO reached;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(transfer.desk_id, transfer.ticket_no);
  END IF;
  RETURN reached;
END
$$;
COMMENT ON FUNCTION csflow.transfer(bigint, csflow.ticket_no, text, text, bigint, bigint, timestamptz) IS
'Hands the ticket to another department, team by its code, with a reason (handbook C4); attachments go into csflow.attachment. assignee_id: whom there, NULL leaves it to the department. Work in progress becomes assigned: it is for the receivers to accept. Counts toward transfer_count. Returns the state. Errors: SF004, SF005 unknown team or agent, SF008, SF010, SF017 no reason.';

CREATE FUNCTION csflow.add_message(desk_id bigint, ticket_no csflow.ticket_no, author_kind text, is_public boolean, body text,
  next_news_at timestamptz DEFAULT NULL, milestone text DEFAULT NULL, agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL,
  source text DEFAULT 'csflow', external_id text DEFAULT NULL, team text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  added bigint;
  speaking_id bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM csflow.ticket AS t WHERE t.desk_id = add_message.desk_id AND t.ticket_no = add_message.ticket_no) THEN
    PERFORM csflow.refuse_unknown_ticket(add_message.desk_id, add_message.ticket_no);
  END IF;
  PERFORM csflow.require_text('whether the message is public', add_message.is_public::text),
    csflow.require_text('source of the message', add_message.source);
  IF add_message.team IS NOT NULL THEN
    SELECT t.team_id INTO speaking_id FROM csflow.team AS t
    WHERE t.desk_id = add_message.desk_id AND t.code = add_message.team AND t.is_active;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'desk % has no active team "%"', add_message.desk_id, add_message.team
        USING ERRCODE = 'SF005', HINT = 'Name a team by its code, see csflow.team.';
    END IF;
  END IF;
  INSERT INTO csflow.message AS m (desk_id, ticket_no, at, author_kind, is_public, body, milestone, next_news_at, source, external_id,
    changed_by, team_id)
  VALUES (add_message.desk_id, add_message.ticket_no, add_message.at, add_message.author_kind, add_message.is_public,
    coalesce(add_message.body, ''), add_message.milestone, add_message.next_news_at, add_message.source, add_message.external_id,
    add_message.agent_id, speaking_id)
  ON CONFLICT DO NOTHING
  RETURNING m.message_no INTO added;
  IF NOT FOUND THEN
    SELECT m.message_no INTO added FROM csflow.message AS m
    WHERE m.desk_id = add_message.desk_id AND m.ticket_no = add_message.ticket_no AND m.source = add_message.source
      AND m.external_id = add_message.external_id;
  END IF;
  RETURN added;
END
$$;
COMMENT ON FUNCTION csflow.add_message(bigint, csflow.ticket_no, text, boolean, text, timestamptz, text, bigint, timestamptz, text, text, text) IS
'Adds a message to a ticket and returns its number; reply, note, receive and answer are written over it. The same external_id from the same source gives the message that is there already (handbook I1). author_kind: customer, agent or system; next_news_at: the instant the message names for the next news; milestone: one of the desk''s; team: the department it speaks for or concerns, by its code, NULL for its author''s. Errors: SF004 unknown ticket, SF005 unknown milestone, agent or team, SF008, SF010, SF013 text too large, SF017 is_public or source is missing.';

CREATE FUNCTION csflow.reply(desk_id bigint, ticket_no csflow.ticket_no, body text, next_news_at timestamptz DEFAULT NULL,
  milestone text DEFAULT NULL, agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN csflow.add_message(reply.desk_id, reply.ticket_no, 'agent', true, csflow.require_text('body of the reply', reply.body),
    reply.next_news_at, reply.milestone, reply.agent_id, reply.at);
END
$$;
COMMENT ON FUNCTION csflow.reply(bigint, csflow.ticket_no, text, timestamptz, text, bigint, timestamptz) IS
'A message the customer sees; a person''s is the first response (handbook A2). next_news_at: when the next news comes, NULL if none is named; milestone: what it records; agent_id: its author, NULL for the agent whose role this is. Returns message_no. Errors: as csflow.add_message, SF017 no body.';

CREATE FUNCTION csflow.note(desk_id bigint, ticket_no csflow.ticket_no, body text, milestone text DEFAULT NULL,
  next_news_at timestamptz DEFAULT NULL, agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL, team text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN csflow.add_message(note.desk_id, note.ticket_no, 'agent', false, csflow.require_text('body of the note', note.body),
    note.next_news_at, note.milestone, note.agent_id, note.at, team => note.team);
END
$$;
COMMENT ON FUNCTION csflow.note(bigint, csflow.ticket_no, text, text, timestamptz, bigint, timestamptz, text) IS
'A note between colleagues, which may record a milestone such as cause_located (handbook D1, D2). team: the department whose progress, part or promise it is, by its code, NULL for its author''s (handbook D2, D12). Returns message_no. Other arguments and errors as csflow.reply; SF005 unknown team.';

CREATE FUNCTION csflow.receive(desk_id bigint, ticket_no csflow.ticket_no, body text, source text DEFAULT 'csflow',
  external_id text DEFAULT NULL, agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN csflow.add_message(receive.desk_id, receive.ticket_no, 'customer', true, receive.body, NULL, NULL, receive.agent_id,
    receive.at, receive.source, receive.external_id);
END
$$;
COMMENT ON FUNCTION csflow.receive(bigint, csflow.ticket_no, text, text, text, bigint, timestamptz) IS
'A message from the customer; ends waiting_customer and stops the 72 hours of automatic closing (handbook D9, F2). The same external_id from the same source is one message (handbook I1). agent_id: who took it down, NULL when it came by itself. Returns message_no. Errors: as csflow.add_message.';

CREATE FUNCTION csflow.wait_for_customer(desk_id bigint, ticket_no csflow.ticket_no, reason text DEFAULT NULL,
  agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN csflow.change_state(wait_for_customer.desk_id, wait_for_customer.ticket_no, 'waiting_customer', wait_for_customer.reason,
    wait_for_customer.agent_id, wait_for_customer.at);
END
$$;
COMMENT ON FUNCTION csflow.wait_for_customer(bigint, csflow.ticket_no, text, bigint, timestamptz) IS
'Nothing can be done until the customer says something: waiting_customer, clocks that may pause do (handbook D9). Returns the state. Arguments and errors as csflow.change_state.';

CREATE FUNCTION csflow.wait_for_partner(desk_id bigint, ticket_no csflow.ticket_no, reason text DEFAULT NULL,
  agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN csflow.change_state(wait_for_partner.desk_id, wait_for_partner.ticket_no, 'waiting_partner', wait_for_partner.reason,
    wait_for_partner.agent_id, wait_for_partner.at);
END
$$;
COMMENT ON FUNCTION csflow.wait_for_partner(bigint, csflow.ticket_no, text, bigint, timestamptz) IS
'A third party works on it: waiting_partner; the customer is still owed news (handbook D4). Returns the state. Arguments and errors as csflow.change_state.';

CREATE FUNCTION csflow.resume(desk_id bigint, ticket_no csflow.ticket_no, reason text DEFAULT NULL,
  agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN csflow.change_state(resume.desk_id, resume.ticket_no, 'in_progress', resume.reason, resume.agent_id, resume.at);
END
$$;
COMMENT ON FUNCTION csflow.resume(bigint, csflow.ticket_no, text, bigint, timestamptz) IS
'Work goes on after waiting: in_progress, paused clocks run on with what was left (handbook D9). Returns the state. Arguments and errors as csflow.change_state.';

CREATE FUNCTION csflow.request_approval(desk_id bigint, ticket_no csflow.ticket_no, reason text,
  agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL, subject text DEFAULT 'plan', amount numeric DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reached text;
BEGIN
  PERFORM csflow.require_code('subject of approval', csflow.require_text('subject', request_approval.subject),
    csflow.desk_codes(request_approval.desk_id, 'approval_subject'));
  reached := csflow.change_state(request_approval.desk_id, request_approval.ticket_no, 'waiting_approval',
    csflow.require_text('what is to be approved', request_approval.reason), request_approval.agent_id, request_approval.at);
  INSERT INTO csflow.approval (desk_id, ticket_no, subject, amount, proposal, proposed_by, proposed_at)
  SELECT t.desk_id, t.ticket_no, request_approval.subject, request_approval.amount, request_approval.reason, t.changed_by, t.changed_at
  FROM csflow.ticket AS t
  WHERE t.desk_id = request_approval.desk_id AND t.ticket_no = request_approval.ticket_no;
  RETURN reached;
END
$$;
COMMENT ON FUNCTION csflow.request_approval(bigint, csflow.ticket_no, text, bigint, timestamptz, text, numeric) IS
'Asks for a supervisor''s approval: waiting_approval, and a row of csflow.approval (handbook E2). reason: what is to be approved; subject: refund, large_compensation, other_departments, plan, or the desk''s own; amount: in the desk''s currency. csflow.approvers() says who decides, and the outbox tells the lowest of them (topic approval). Returns the state. Errors: as csflow.change_state, SF005 unknown subject, SF010 nobody may approve so much, SF017 no reason.';

CREATE FUNCTION csflow.decide(desk_id bigint, ticket_no csflow.ticket_no, is_approved boolean, reason text DEFAULT NULL,
  agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  actor bigint := csflow.acting_agent(decide.desk_id, decide.agent_id);
  proposer bigint;
  decision text := CASE WHEN decide.is_approved THEN 'approved' WHEN NOT decide.is_approved THEN 'rejected' END;
  state text;
BEGIN
  PERFORM csflow.require_text('decision', decision);
  SELECT t.state INTO state FROM csflow.ticket AS t
  WHERE t.desk_id = decide.desk_id AND t.ticket_no = decide.ticket_no FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(decide.desk_id, decide.ticket_no);
  ELSIF state <> 'waiting_approval' THEN
    RAISE EXCEPTION 'ticket % of desk % waits for no decision', decide.ticket_no, decide.desk_id
      USING ERRCODE = 'SF006', DETAIL = format('Its state is "%s".', state), HINT = 'Ask for one with csflow.request_approval().';
  END IF;
  SELECT e.actor_id INTO proposer FROM csflow.event AS e
  WHERE e.desk_id = decide.desk_id AND e.ticket_no = decide.ticket_no AND e.new_state = 'waiting_approval'
  ORDER BY e.seq DESC LIMIT 1;
  -- All that is undecided is decided together: also what was put up earlier, or besides, by somebody else.
  IF proposer = actor OR EXISTS (SELECT FROM csflow.approval AS a
      WHERE a.desk_id = decide.desk_id AND a.ticket_no = decide.ticket_no AND a.decided_at IS NULL AND a.proposed_by = actor) THEN
    RAISE EXCEPTION 'agent % cannot decide on their own proposal for ticket %', actor, decide.ticket_no
      USING ERRCODE = 'SF010', HINT = 'Have somebody else decide.';
  END IF;
  UPDATE csflow.approval AS a
  SET is_approved = decide.is_approved, decision = decide.reason, decided_by = actor, decided_at = coalesce(decide.at, now())
  WHERE a.desk_id = decide.desk_id AND a.ticket_no = decide.ticket_no AND a.decided_at IS NULL;
  PERFORM csflow.add_message(decide.desk_id, decide.ticket_no, 'agent', false, coalesce(decide.reason, decision), NULL,
    (SELECT c.code FROM csflow.caption AS c
      WHERE c.desk_id = decide.desk_id AND c.kind = 'milestone' AND c.code = decision LIMIT 1), decide.agent_id, decide.at);
  RETURN csflow.change_state(decide.desk_id, decide.ticket_no, 'in_progress', decide.reason, decide.agent_id, decide.at);
END
$$;
COMMENT ON FUNCTION csflow.decide(bigint, csflow.ticket_no, boolean, text, bigint, timestamptz) IS
'Decides on a requested approval: a note with the milestone approved or rejected, where the desk has these, the row of csflow.approval, and back to in_progress (handbook E2). Whoever asked cannot decide, nor who is no approver for the amount (csflow.approvers()). Returns the state. Arguments and errors as csflow.change_state; SF010 also for one''s own proposal and beyond one''s limit, SF017 no decision, SF006 none was asked for.';

CREATE FUNCTION csflow.answer(desk_id bigint, ticket_no csflow.ticket_no, body text, agent_id bigint DEFAULT NULL,
  at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM csflow.reply(answer.desk_id, answer.ticket_no, answer.body, NULL, NULL, answer.agent_id, answer.at);
  RETURN csflow.change_state(answer.desk_id, answer.ticket_no, 'answered', NULL, answer.agent_id, answer.at);
END
$$;
COMMENT ON FUNCTION csflow.answer(bigint, csflow.ticket_no, text, bigint, timestamptz) IS
'Sends the customer the result: a public message, and the ticket is answered; the 72 hours of automatic closing begin (handbook E4, F2). Returns the state. Arguments and errors as csflow.reply and csflow.change_state.';

CREATE FUNCTION csflow.close_ticket(desk_id bigint, ticket_no csflow.ticket_no, reason text, agent_id bigint DEFAULT NULL,
  at timestamptz DEFAULT NULL, actor_kind text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reached text;
BEGIN
  UPDATE csflow.ticket AS t
  SET state = 'closed', close_reason = csflow.require_text('close reason', close_ticket.reason), changed_by = close_ticket.agent_id,
    change_reason = NULL, changed_by_kind = close_ticket.actor_kind, changed_at = close_ticket.at
  WHERE t.desk_id = close_ticket.desk_id AND t.ticket_no = close_ticket.ticket_no
  RETURNING t.state INTO reached;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(close_ticket.desk_id, close_ticket.ticket_no);
  END IF;
  RETURN reached;
END
$$;
COMMENT ON FUNCTION csflow.close_ticket(bigint, csflow.ticket_no, text, bigint, timestamptz, text) IS
'Closes a ticket; reason is one of the desk''s close reasons, such as long_term_plan_explained (handbook F2). Returns the state. Errors: as csflow.change_state, SF005 unknown close reason, SF017 none given.';

CREATE FUNCTION csflow.confirm(desk_id bigint, ticket_no csflow.ticket_no, agent_id bigint DEFAULT NULL,
  at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN csflow.close_ticket(confirm.desk_id, confirm.ticket_no, 'customer_confirmed', confirm.agent_id, confirm.at,
    csflow.customer_actor(confirm.desk_id, confirm.agent_id));
END
$$;
COMMENT ON FUNCTION csflow.confirm(bigint, csflow.ticket_no, bigint, timestamptz) IS
'The customer says it is solved: closed, reason customer_confirmed (handbook F1, F2). agent_id: who recorded it on the customer''s behalf, NULL for the customer, or for the agent whose role this is. Returns the state. Errors as csflow.change_state.';

CREATE FUNCTION csflow.reopen(desk_id bigint, ticket_no csflow.ticket_no, reason text, agent_id bigint DEFAULT NULL,
  at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  present text;
BEGIN
  PERFORM csflow.require_text('reason for reopening', reopen.reason);
  SELECT t.state INTO present FROM csflow.ticket AS t
  WHERE t.desk_id = reopen.desk_id AND t.ticket_no = reopen.ticket_no FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(reopen.desk_id, reopen.ticket_no);
  -- Else a customer would take up a ticket that nobody has accepted, or decide on an approval.
  ELSIF present NOT IN ('answered', 'closed') THEN
    RAISE EXCEPTION 'ticket % of desk % is "%" and cannot be reopened', reopen.ticket_no, reopen.desk_id, present
      USING ERRCODE = 'SF006', HINT = 'Record what the customer says with csflow.receive().';
  END IF;
  RETURN csflow.change_state(reopen.desk_id, reopen.ticket_no, 'in_progress', reopen.reason, reopen.agent_id, reopen.at,
    csflow.customer_actor(reopen.desk_id, reopen.agent_id));
END
$$;
COMMENT ON FUNCTION csflow.reopen(bigint, csflow.ticket_no, text, bigint, timestamptz) IS
'The customer says it is not solved: back to in_progress, counted in reopen_count (handbook F1). agent_id: who reopened or recorded it, NULL for the customer, or for the agent whose role this is. Returns the state. Errors: as csflow.change_state, SF006 also for a ticket that is neither answered nor closed, SF017 no reason.';

CREATE FUNCTION csflow.object(desk_id bigint, ticket_no csflow.ticket_no, reason text, agent_id bigint DEFAULT NULL,
  at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  actor_kind text := csflow.customer_actor(object.desk_id, object.agent_id);
BEGIN
  PERFORM csflow.require_text('reason of the objection', object.reason);
  IF (SELECT csflow.window_has_lapsed(t.desk_id, t.ticket_no, 'objection_window', coalesce(object.at, greatest(now(), t.changed_at)))
      FROM csflow.ticket AS t WHERE t.desk_id = object.desk_id AND t.ticket_no = object.ticket_no) THEN
    PERFORM csflow.add_message(object.desk_id, object.ticket_no, coalesce(actor_kind, 'agent'), coalesce(actor_kind = 'customer', false),
      object.reason, NULL, (SELECT c.code FROM csflow.caption AS c
        WHERE c.desk_id = object.desk_id AND c.kind = 'milestone' AND c.code = 'late_objection' LIMIT 1), object.agent_id, object.at);
    RETURN (SELECT t.state FROM csflow.ticket AS t WHERE t.desk_id = object.desk_id AND t.ticket_no = object.ticket_no);
  END IF;
  RETURN csflow.change_state(object.desk_id, object.ticket_no, 'under_review',
    object.reason, object.agent_id, object.at, actor_kind);
END
$$;
COMMENT ON FUNCTION csflow.object(bigint, csflow.ticket_no, text, bigint, timestamptz) IS
'The customer objects to the answer, also on a closed ticket: under_review (handbook F3). Once the right to object has lapsed (clock objection_window) the state stays; the objection is recorded with the milestone late_objection, which tells the supervisor. agent_id: who recorded it, NULL for the customer, or for the agent whose role this is. Returns the state. Errors: as csflow.change_state, SF017 no reason.';

CREATE FUNCTION csflow.mark_duplicate(desk_id bigint, ticket_no csflow.ticket_no, original_no csflow.ticket_no,
  reason text DEFAULT NULL, agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reached text;
BEGIN
  PERFORM csflow.require_text('original of the duplicate', mark_duplicate.original_no::text);
  IF mark_duplicate.original_no = mark_duplicate.ticket_no THEN
    RAISE EXCEPTION 'ticket % cannot be a duplicate of itself', mark_duplicate.ticket_no USING ERRCODE = 'SF010';
  END IF;
  -- Both, in the order of their numbers: somebody else may be making the original a duplicate of this one.
  PERFORM FROM csflow.ticket AS t
  WHERE t.desk_id = mark_duplicate.desk_id AND t.ticket_no IN (mark_duplicate.ticket_no, mark_duplicate.original_no)
  ORDER BY t.desk_id, t.ticket_no FOR NO KEY UPDATE;
  IF NOT EXISTS (SELECT FROM csflow.ticket AS t
      WHERE t.desk_id = mark_duplicate.desk_id AND t.ticket_no = mark_duplicate.original_no) THEN
    PERFORM csflow.refuse_unknown_ticket(mark_duplicate.desk_id, mark_duplicate.original_no);
  END IF;
  UPDATE csflow.ticket AS t
  SET state = 'duplicate', duplicate_of = mark_duplicate.original_no, change_reason = mark_duplicate.reason,
    changed_by = mark_duplicate.agent_id, changed_by_kind = NULL, changed_at = mark_duplicate.at
  WHERE t.desk_id = mark_duplicate.desk_id AND t.ticket_no = mark_duplicate.ticket_no
  RETURNING t.state INTO reached;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(mark_duplicate.desk_id, mark_duplicate.ticket_no);
  END IF;
  RETURN reached;
END
$$;
COMMENT ON FUNCTION csflow.mark_duplicate(bigint, csflow.ticket_no, csflow.ticket_no, text, bigint, timestamptz) IS
'Marks a ticket as a repeat of original_no of the same desk; its clocks become void (handbook A8). Returns the state. Errors: as csflow.change_state, SF004 also for an unknown original, SF010 for itself or one of its own duplicates, SF017 no original.';

CREATE FUNCTION csflow.mark_invalid(desk_id bigint, ticket_no csflow.ticket_no, reason text, agent_id bigint DEFAULT NULL,
  at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN csflow.change_state(mark_invalid.desk_id, mark_invalid.ticket_no, 'invalid',
    csflow.require_text('reason why it is invalid', mark_invalid.reason), mark_invalid.agent_id, mark_invalid.at);
END
$$;
COMMENT ON FUNCTION csflow.mark_invalid(bigint, csflow.ticket_no, text, bigint, timestamptz) IS
'Marks a ticket as no real request; its clocks become void (handbook A8). Returns the state. Errors: as csflow.change_state, SF017 no reason.';

CREATE FUNCTION csflow.undo_mark(desk_id bigint, ticket_no csflow.ticket_no, reason text DEFAULT NULL, agent_id bigint DEFAULT NULL,
  at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  marked text;
  reached text;
BEGIN
  SELECT t.state INTO marked FROM csflow.ticket AS t
  WHERE t.desk_id = undo_mark.desk_id AND t.ticket_no = undo_mark.ticket_no
  FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(undo_mark.desk_id, undo_mark.ticket_no);
  ELSIF marked NOT IN ('duplicate', 'invalid') THEN
    RAISE EXCEPTION 'ticket % is %, not marked duplicate or invalid', undo_mark.ticket_no, marked USING ERRCODE = 'SF006';
  END IF;
  UPDATE csflow.ticket AS t
  SET state = CASE WHEN t.agent_id IS NULL THEN 'new' WHEN t.accepted_at IS NULL THEN 'assigned' ELSE 'in_progress' END,
    duplicate_of = NULL, change_reason = undo_mark.reason, changed_by = undo_mark.agent_id, changed_by_kind = NULL,
    changed_at = undo_mark.at
  WHERE t.desk_id = undo_mark.desk_id AND t.ticket_no = undo_mark.ticket_no
  RETURNING t.state INTO reached;
  RETURN reached;
END
$$;
COMMENT ON FUNCTION csflow.undo_mark(bigint, csflow.ticket_no, text, bigint, timestamptz) IS
'Takes back mark_duplicate or mark_invalid: the ticket is new again, or assigned or in_progress if somebody had it (handbook A8). Returns the state. Errors: as csflow.change_state, SF006 when it is not marked.';

CREATE FUNCTION csflow.correct(desk_id bigint, ticket_no csflow.ticket_no, reason text, kind text DEFAULT NULL,
  category text DEFAULT NULL, priority csflow.priority DEFAULT NULL, agent_id bigint DEFAULT NULL,
  at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  present_kind text;
  corrected_id bigint;
  reached text;
BEGIN
  PERFORM csflow.require_text('reason of the correction', correct.reason);
  IF num_nonnulls(correct.kind, correct.category, correct.priority) = 0 THEN
    RAISE EXCEPTION 'nothing to correct' USING ERRCODE = 'SF017', HINT = 'Give kind, category or priority.';
  END IF;
  SELECT t.kind INTO present_kind FROM csflow.ticket AS t
  WHERE t.desk_id = correct.desk_id AND t.ticket_no = correct.ticket_no
  FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(correct.desk_id, correct.ticket_no);
  END IF;
  IF num_nonnulls(correct.kind, correct.category) > 0 THEN
    SELECT c.category_id INTO corrected_id
    FROM csflow.category AS c
    LEFT JOIN csflow.category AS k ON k.desk_id = c.desk_id AND k.category_id = c.parent_id
    WHERE c.desk_id = correct.desk_id AND c.is_active
      AND CASE WHEN correct.category IS NULL THEN c.parent_id IS NULL AND c.code = correct.kind
        ELSE c.code = correct.category AND k.code = coalesce(correct.kind, present_kind) END;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'desk % has no category "%"', correct.desk_id,
          concat_ws('/', coalesce(correct.kind, present_kind), correct.category)
        USING ERRCODE = 'SF005', HINT = 'Name kind and category by their codes, see csflow.category.';
    END IF;
  END IF;
  UPDATE csflow.ticket AS t
  SET category_id = coalesce(corrected_id, t.category_id), priority = coalesce(correct.priority, t.priority),
    change_reason = correct.reason, changed_by = correct.agent_id, changed_by_kind = NULL, changed_at = correct.at
  WHERE t.desk_id = correct.desk_id AND t.ticket_no = correct.ticket_no
  RETURNING t.state INTO reached;
  RETURN reached;
END
$$;
COMMENT ON FUNCTION csflow.correct(bigint, csflow.ticket_no, text, text, text, csflow.priority, bigint, timestamptz) IS
'Corrects what the rules decided, with a reason: kind and category by their codes (category alone: within the present kind; kind alone: undecided within it) or priority; deadlines move accordingly and the event is kept for measuring the classifier (handbook B7). Returns the state. Errors: SF004, SF005 unknown category, SF008, SF010, SF017 no reason or nothing to correct.';

CREATE FUNCTION csflow.name_reviewer(desk_id bigint, ticket_no csflow.ticket_no, reviewer_id bigint, reason text DEFAULT NULL,
  agent_id bigint DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reached text;
BEGIN
  PERFORM csflow.require_text('reviewer', name_reviewer.reviewer_id::text);
  UPDATE csflow.ticket AS t
  SET reviewer_id = name_reviewer.reviewer_id, change_reason = name_reviewer.reason, changed_by = name_reviewer.agent_id,
    changed_by_kind = NULL, changed_at = name_reviewer.at
  WHERE t.desk_id = name_reviewer.desk_id AND t.ticket_no = name_reviewer.ticket_no
  RETURNING t.state INTO reached;
  IF NOT FOUND THEN
    PERFORM csflow.refuse_unknown_ticket(name_reviewer.desk_id, name_reviewer.ticket_no);
  END IF;
  RETURN reached;
END
$$;
COMMENT ON FUNCTION csflow.name_reviewer(bigint, csflow.ticket_no, bigint, text, bigint, timestamptz) IS
'Names who reviews the ticket after an objection, not the agent who handled it first: the review has started (handbook F3). agent_id: who named them, NULL for the agent whose role this is; at: NULL means now. Returns the state. Errors: SF004 unknown ticket, SF005 unknown agent, SF008, SF010 the first handler, or a ticket that is not under review, SF017 no reviewer.';
