-- The second layout: an audit log of incidents, one row an update with the whole record after it. Each row becomes the
-- events that lead from the row before to this one, and a note that says what the source recorded.
--
-- Only what a row knew at its instant is used. resolved_at and closed_at, whose final values stand on every row, are not
-- read at all, closed_code only where the state says that the incident is closed.

CREATE FUNCTION csflow_demo.incident_state(state text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT
RETURN CASE state
  WHEN 'New' THEN 'new'
  WHEN 'Active' THEN 'in_progress'
  WHEN 'Awaiting User Info' THEN 'waiting_customer'
  WHEN 'Awaiting Vendor' THEN 'waiting_partner'
  WHEN 'Awaiting Problem' THEN 'waiting_partner'
  WHEN 'Awaiting Evidence' THEN 'waiting_partner'
  WHEN 'Resolved' THEN 'answered'
  WHEN 'Closed' THEN 'closed'
END;
COMMENT ON FUNCTION csflow_demo.incident_state(text) IS 'State of a ticket for incident_state; NULL for one that says nothing, such as -100.';

CREATE FUNCTION csflow_demo.incident_channel(contact_type text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE lower(contact_type)
  WHEN 'phone' THEN 'hotline'
  WHEN 'ivr' THEN 'hotline'
  WHEN 'email' THEN 'email'
  WHEN 'self service' THEN 'web_form'
  ELSE 'help_centre'
END;
COMMENT ON FUNCTION csflow_demo.incident_channel(text) IS 'Channel for contact_type; help_centre for one that is not known.';

CREATE FUNCTION csflow_demo.incident_rows() RETURNS TABLE (row_no bigint, number text, opened_at timestamptz, at timestamptz,
  incident_state text, state text, reassignment_count integer, customer text, channel text, subject text, impact smallint, urgency smallint,
  group_name text, agent text, closed_code text)
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  RETURN QUERY
  SELECT r.row_no, c.number, c.opened_at::timestamptz, greatest(c.sys_updated_at::timestamptz, c.opened_at::timestamptz), c.incident_state,
    csflow_demo.incident_state(c.incident_state), c.reassignment_count::integer, nullif(c.caller_id, ''),
    csflow_demo.incident_channel(c.contact_type),
    concat_ws(', ', 'category ' || nullif(c.category, ''), 'subcategory ' || nullif(c.subcategory, ''), 'symptom ' || nullif(c.u_symptom, '')),
    c.impact::smallint, c.urgency::smallint, nullif(c.assignment_group, ''), nullif(c.assigned_to, ''),
    CASE WHEN csflow_demo.incident_state(c.incident_state) = 'closed' THEN nullif(c.closed_code, '') END
  FROM csflow_demo.raw AS r, jsonb_to_record(to_jsonb(r)) AS c (number text, incident_state text, opened_at text, sys_updated_at text, reassignment_count text,
      caller_id text, contact_type text, category text, subcategory text, u_symptom text, impact text, urgency text,
      assignment_group text, assigned_to text, closed_code text)
  ORDER BY c.number, r.row_no;
END
$$;
COMMENT ON FUNCTION csflow_demo.incident_rows() IS 'The rows of csflow_demo.raw as they stand in the file, each incident''s together. A few were updated before they were opened: those count from the opening.';

-- How far an incident has come while its rows are read.
CREATE TYPE csflow_demo.incident AS (number text, position integer, state text, agent text, group_name text, team text,
  reassignment_count integer, impact smallint, urgency smallint, at timestamptz);

CREATE FUNCTION csflow_demo.receiving_team(group_name text, reassigned_from csflow_demo.incident) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN group_name IS DISTINCT FROM (reassigned_from).group_name AND group_name IS NOT NULL THEN group_name
  WHEN (reassigned_from).team = 'unnamed' THEN 'unnamed_other'
  ELSE 'unnamed'
END;
COMMENT ON FUNCTION csflow_demo.receiving_team(text, csflow_demo.incident) IS
'Where a reassigned incident goes. The source counts reassignments (reassignment_count), but some groups are not named in it, or under the name of the group before: those stand for a group that is not named.';

CREATE FUNCTION csflow_demo.state_event(from_state text, to_state text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN to_state IS NULL OR to_state = 'new' OR to_state = from_state THEN NULL
  WHEN to_state <> 'in_progress' THEN to_state
  WHEN from_state IN ('new', 'assigned') THEN 'accepted'
  WHEN from_state IN ('answered', 'closed') THEN 'reopened'
  ELSE 'resumed'
END;
COMMENT ON FUNCTION csflow_demo.state_event(text, text) IS 'The event that leads from a state to another; NULL for none.';

CREATE FUNCTION csflow_demo.incident_events(r record, i csflow_demo.incident)
RETURNS TABLE (event text, team text, agent text, impact smallint, urgency smallint, reason text, body text, state text)
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
  state := i.state;
  IF r.reassignment_count > i.reassignment_count THEN
    event := 'transferred';
    team := csflow_demo.receiving_team(r.group_name, i);
    agent := r.agent;
    reason := 'reassigned in the source';
    state := CASE state WHEN 'in_progress' THEN 'assigned' ELSE state END;
    RETURN NEXT;
  ELSIF r.agent IS DISTINCT FROM i.agent THEN
    event := CASE WHEN r.agent IS NULL THEN 'unassigned' ELSE 'assigned' END;
    agent := r.agent;
    state := CASE WHEN state = 'new' AND r.agent IS NOT NULL THEN 'assigned' ELSE state END;
    RETURN NEXT;
  END IF;
  IF (r.impact, r.urgency) IS DISTINCT FROM (i.impact, i.urgency) THEN
    event := 'severity';
    impact := r.impact;
    urgency := r.urgency;
    reason := format('impact %s, urgency %s in the source', r.impact, r.urgency);
    RETURN NEXT;
  END IF;
  event := csflow_demo.state_event(state, r.state);
  IF event IS NOT NULL THEN
    agent := CASE event WHEN 'accepted' THEN r.agent END;
    reason := CASE WHEN event = 'closed' THEN 'closed_in_source' ELSE r.incident_state END;
    state := r.state;
    RETURN NEXT;
  END IF;
  event := 'note';
  agent := NULL;
  body := concat_ws(', ', r.incident_state, 'group ' || r.group_name, 'assigned to ' || r.agent, 'closed with code ' || r.closed_code);
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION csflow_demo.incident_events(record, csflow_demo.incident) IS 'The events of one row, given how far the incident had come; state: where each leaves it.';

CREATE FUNCTION csflow_demo.load_incidents(source text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  r record;
  i csflow_demo.incident;
  e record;
BEGIN
  FOR r IN SELECT * FROM csflow_demo.incident_rows() LOOP
    IF i.number IS DISTINCT FROM r.number THEN
      i := (r.number, 1, CASE WHEN r.agent IS NULL THEN 'new' ELSE 'assigned' END, r.agent, r.group_name, coalesce(r.group_name, 'unnamed'),
        r.reassignment_count, r.impact, r.urgency, r.at);
      INSERT INTO csflow_demo.log (source, ticket, position, row_no, at, event, channel, customer, team, agent, title, body, impact, urgency)
      VALUES (load_incidents.source, i.number, 1, r.row_no, r.opened_at, 'opened', r.channel, r.customer, i.team, r.agent, r.number, r.subject,
        r.impact, r.urgency)
      ON CONFLICT DO NOTHING;
    END IF;
    -- In one incident of the source a row stands after a later one.
    i.at := greatest(i.at, r.at);
    FOR e IN SELECT * FROM csflow_demo.incident_events(r, i) LOOP
      i.position := i.position + 1;
      i.state := e.state;
      i.team := coalesce(e.team, i.team);
      INSERT INTO csflow_demo.log (source, ticket, position, row_no, at, event, team, agent, body, impact, urgency, reason)
      VALUES (load_incidents.source, i.number, i.position, r.row_no, i.at, e.event, e.team, e.agent, e.body, e.impact, e.urgency, e.reason)
      ON CONFLICT DO NOTHING;
    END LOOP;
    i.agent := r.agent;
    i.group_name := r.group_name;
    i.reassignment_count := r.reassignment_count;
    i.impact := r.impact;
    i.urgency := r.urgency;
  END LOOP;
END
$$;
COMMENT ON FUNCTION csflow_demo.load_incidents(text) IS 'csflow_demo.raw in the layout "incidents" into csflow_demo.log. Each row leaves one note, so that the notes count the rows.';
