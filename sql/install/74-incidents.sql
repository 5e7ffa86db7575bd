-- Mass incidents: many customers with the same problem within a short time (handbook B9). An incident is a parent ticket and a
-- row of csflow.incident; its children are the tickets whose parent_no it is. The pass is set-based, one pass at a time per desk
-- (it holds the desk's row), and locks incidents, then tickets in the order of their numbers.

CREATE FUNCTION csflow.incident_facets(attributes jsonb) RETURNS TABLE (facet text, value text)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
  WITH given AS (
    SELECT v.facet, csflow.fold(btrim(v.value)) AS value
    FROM (VALUES ('region', attributes ->> 'region'),
      ('version', coalesce(attributes ->> 'app_version', attributes ->> 'version'))) AS v (facet, value)
    WHERE btrim(v.value) <> '')
  SELECT g.facet, g.value FROM given AS g
  UNION ALL
  SELECT 'category', '' WHERE NOT EXISTS (SELECT FROM given)
$$;
COMMENT ON FUNCTION csflow.incident_facets(jsonb) IS
'In what besides the category tickets must agree to belong to one incident. Argument: ticket.attributes. Result: a row for region and one for version (keys region; app_version or version), values folded; where the ticket has neither, the one row category with an empty value. Handbook B9.';

CREATE FUNCTION csflow.incident_matches(desk_id bigint, at timestamptz)
RETURNS TABLE (ticket_no csflow.ticket_no, parent_no csflow.ticket_no)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  SELECT DISTINCT ON (t.ticket_no) t.ticket_no, i.parent_no
  FROM csflow.incident AS i
  JOIN csflow.desk AS d ON d.desk_id = i.desk_id
  JOIN csflow.ticket AS t ON t.desk_id = i.desk_id AND t.opened_at > i.checked_at - d.incident_window
    AND t.opened_at <= incident_matches.at
  CROSS JOIN LATERAL csflow.incident_facets(t.attributes) AS f
  WHERE i.desk_id = incident_matches.desk_id AND i.resolved_at IS NULL
    AND t.category_id = i.category_id AND f.facet = i.facet AND f.value = i.value
    AND t.parent_no IS NULL AND t.state NOT IN ('duplicate', 'invalid')
    AND NOT EXISTS (SELECT FROM csflow.incident AS p WHERE p.desk_id = t.desk_id AND p.parent_no = t.ticket_no)
    AND NOT EXISTS (SELECT FROM csflow.set_aside AS a WHERE a.desk_id = t.desk_id AND a.ticket_no = t.ticket_no
      AND a.job = 'incident_watch' AND a.retry_at > incident_matches.at)
  ORDER BY t.ticket_no, i.opened_at, i.parent_no;
END
$$;
COMMENT ON FUNCTION csflow.incident_matches(bigint, timestamptz) IS
'Tickets that belong to an open incident of the desk as of the instant at and are not linked to it yet: opened since the last pass less the desk''s incident_window, same category and facet. Uses the index ticket_opened. Handbook B9.';

CREATE FUNCTION csflow.incident_groups(desk_id bigint, at timestamptz)
RETURNS TABLE (category_id bigint, facet text, value text, customers bigint, tickets csflow.ticket_no[], usual double precision)
LANGUAGE plpgsql STABLE ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  WITH found AS MATERIALIZED (
    SELECT t.category_id, f.facet, f.value, count(DISTINCT t.customer_id) AS customers,
      array_agg(t.ticket_no ORDER BY t.opened_at, t.ticket_no) AS tickets, d.incident_window, d.incident_factor
    FROM csflow.desk AS d
    JOIN csflow.ticket AS t ON t.desk_id = d.desk_id AND t.opened_at > incident_groups.at - d.incident_window
      AND t.opened_at <= incident_groups.at
    CROSS JOIN LATERAL csflow.incident_facets(t.attributes) AS f
    WHERE d.desk_id = incident_groups.desk_id AND d.incident_minimum > 0
      AND t.category_id IS NOT NULL AND t.parent_no IS NULL AND t.state NOT IN ('duplicate', 'invalid')
      -- Undecided within a kind that has a second level: what these have in common is not known.
      AND NOT EXISTS (SELECT FROM csflow.category AS c WHERE c.desk_id = t.desk_id AND c.parent_id = t.category_id AND c.is_active)
      -- A parent is no customer's ticket, and what an incident covers, or covered until it was resolved, makes no second one.
      AND NOT EXISTS (SELECT FROM csflow.incident AS p WHERE p.desk_id = t.desk_id AND p.parent_no = t.ticket_no)
      AND NOT EXISTS (SELECT FROM csflow.incident AS i, csflow.incident_facets(t.attributes) AS g
        WHERE i.desk_id = t.desk_id AND i.category_id = t.category_id AND i.facet = g.facet AND i.value = g.value
          AND (i.resolved_at IS NULL OR i.resolved_at >= t.opened_at))
    GROUP BY t.category_id, f.facet, f.value, d.incident_minimum, d.incident_window, d.incident_factor
    HAVING count(DISTINCT t.customer_id) >= d.incident_minimum
  ),
  -- What an earlier incident covered is not usual. Counted only for what has reached the minimum.
  before AS MATERIALIZED (
    SELECT g.category_id, g.facet, g.value,
      count(DISTINCT t.customer_id) * (extract(epoch FROM g.incident_window) / 86400.0)::double precision AS usual
    FROM found AS g
    JOIN csflow.ticket AS t ON t.desk_id = incident_groups.desk_id AND t.category_id = g.category_id
      AND t.opened_at > incident_groups.at - g.incident_window - interval '24 hours'
      AND t.opened_at <= incident_groups.at - g.incident_window
      AND t.parent_no IS NULL AND t.state NOT IN ('duplicate', 'invalid')
    CROSS JOIN LATERAL csflow.incident_facets(t.attributes) AS f
    WHERE g.incident_factor > 0 AND f.facet = g.facet AND f.value = g.value
    GROUP BY g.category_id, g.facet, g.value, g.incident_window
  )
  SELECT g.category_id, g.facet, g.value, g.customers, g.tickets, coalesce(b.usual, 0)
  FROM found AS g
  LEFT JOIN before AS b ON b.category_id = g.category_id AND b.facet = g.facet AND b.value = g.value
  WHERE g.customers >= g.incident_factor * coalesce(b.usual, 0)
  ORDER BY g.customers DESC, g.facet, g.category_id, g.value;
END
$$;
COMMENT ON FUNCTION csflow.incident_groups(bigint, timestamptz) IS
'What would become an incident of the desk at the instant at, the largest first: at least incident_minimum different customers, and incident_factor times as many as usual, whose tickets, opened within incident_window before, agree in category and facet and belong to no incident yet. usual: different customers with the same in the 24 hours before that window, for the length of a window. Uses the index ticket_opened. Handbook B9.';

CREATE FUNCTION csflow.link_matches(desk_id bigint, at timestamptz, only_ticket csflow.ticket_no DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  numbers csflow.ticket_no[];
  linked integer;
BEGIN
  SELECT array_agg(m.ticket_no) INTO numbers
  FROM csflow.incident_matches(link_matches.desk_id, link_matches.at) AS m
  WHERE only_ticket IS NULL OR m.ticket_no = only_ticket;
  SELECT array_agg(l.ticket_no) INTO numbers
  FROM (SELECT t.ticket_no FROM csflow.ticket AS t
    WHERE t.desk_id = link_matches.desk_id AND t.ticket_no = ANY (numbers)
      AND t.parent_no IS NULL AND t.state NOT IN ('duplicate', 'invalid')
    ORDER BY t.desk_id, t.ticket_no FOR NO KEY UPDATE SKIP LOCKED) AS l;
  IF numbers IS NULL THEN
    RETURN 0;
  END IF;
  UPDATE csflow.ticket AS t
  SET parent_no = m.parent_no,
    priority = CASE WHEN m.is_raised THEN 'A' ELSE t.priority END,
    priority_reason = CASE WHEN m.is_raised THEN m.reason ELSE t.priority_reason END,
    change_reason = m.reason, changed_by = NULL, changed_by_kind = 'system',
    changed_at = greatest(link_matches.at, t.changed_at)
  FROM (
    SELECT f.ticket_no, f.parent_no, 'incident ' || f.parent_no::text AS reason,
      c.state NOT IN ('answered', 'closed') AND (c.priority IS NULL OR c.priority < 'A') AS is_raised
    FROM csflow.incident_matches(link_matches.desk_id, link_matches.at) AS f
    JOIN csflow.ticket AS c ON c.desk_id = link_matches.desk_id AND c.ticket_no = f.ticket_no
    WHERE f.ticket_no = ANY (numbers)) AS m
  WHERE t.desk_id = link_matches.desk_id AND t.ticket_no = m.ticket_no;
  GET DIAGNOSTICS linked = ROW_COUNT;
  RETURN linked;
END
$$;
COMMENT ON FUNCTION csflow.link_matches(bigint, timestamptz, csflow.ticket_no) IS
'Makes what incident_matches() finds children of their incidents, and of at least priority A what is still open; returns how many. Locked tickets are left for the next pass. only_ticket: just that one. Part of find_incidents(). Handbook B9.';

CREATE FUNCTION csflow.link_to_incidents(desk_id bigint, at timestamptz) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  linked integer := 0;
  due csflow.ticket_no;
  error_code text;
  error text;
BEGIN
  BEGIN
    RETURN csflow.link_matches(link_to_incidents.desk_id, link_to_incidents.at);
  EXCEPTION WHEN OTHERS THEN
    FOR due IN SELECT m.ticket_no FROM csflow.incident_matches(link_to_incidents.desk_id, link_to_incidents.at) AS m LOOP
      BEGIN
        linked := linked + csflow.link_matches(link_to_incidents.desk_id, link_to_incidents.at, due);
      EXCEPTION WHEN serialization_failure OR deadlock_detected THEN
        NULL; -- somebody else was at the ticket, nothing is wrong with it: it is left to the next pass
      WHEN disk_full THEN
        RAISE; -- no ticket's fault, and the next one would meet it too
      WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS error_code = RETURNED_SQLSTATE, error = MESSAGE_TEXT;
        PERFORM csflow.set_ticket_aside(link_to_incidents.desk_id, due, 'incident_watch', link_to_incidents.at, error_code, error);
      END;
    END LOOP;
  END;
  RETURN linked;
END
$$;
COMMENT ON FUNCTION csflow.link_to_incidents(bigint, timestamptz) IS
'link_matches() in one go; if that raises an error, ticket by ticket, and a failing one is set aside with it. Returns how many were linked. Part of find_incidents(). Design 2.12.';

CREATE FUNCTION csflow.open_incident(desk_id bigint, at timestamptz, category_id bigint, facet text, value text,
  tickets csflow.ticket_no[], customers bigint) RETURNS csflow.ticket_no
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  captions text;
  way_in text;
  most csflow.priority;
  parent csflow.ticket_no;
BEGIN
  SELECT concat_ws(' ', nullif(c.caption_zh, ''), nullif(c.caption_en, '')) INTO captions
  FROM csflow.category AS c WHERE c.desk_id = open_incident.desk_id AND c.category_id = open_incident.category_id;
  SELECT n.channel INTO way_in
  FROM csflow.channel AS n
  LEFT JOIN csflow.ticket AS t ON t.desk_id = n.desk_id AND t.channel = n.channel AND t.ticket_no = ANY (tickets)
  WHERE n.desk_id = open_incident.desk_id AND n.is_active
  GROUP BY n.channel ORDER BY count(t.ticket_no) DESC, n.channel LIMIT 1;
  SELECT greatest(max(t.priority), 'A') INTO most FROM csflow.ticket AS t
  WHERE t.desk_id = open_incident.desk_id AND t.ticket_no = ANY (tickets);
  INSERT INTO csflow.ticket AS p (desk_id, channel, title, body, body_origin, category_id, priority, source, attributes, opened_at,
    changed_by_kind)
  VALUES (open_incident.desk_id, way_in, format('Incident: %s', concat_ws(', ', captions, nullif(value, ''))),
    format('%s customers with the same problem, the first ticket is %s.', customers, tickets[1]), 'staff', open_incident.category_id,
    most, 'incident', CASE facet WHEN 'category' THEN '{}' ELSE jsonb_build_object(facet, value) END, open_incident.at, 'system')
  RETURNING p.ticket_no INTO parent;
  INSERT INTO csflow.incident (desk_id, parent_no, category_id, facet, value, opened_at, checked_at)
  VALUES (open_incident.desk_id, parent, open_incident.category_id, facet, value, open_incident.at, open_incident.at);
  INSERT INTO csflow.outbox (desk_id, ticket_no, created_at, topic, recipient_kind, recipient_id)
  SELECT t.desk_id, t.ticket_no, open_incident.at, 'incident', 'team', t.team_id
  FROM csflow.ticket AS t WHERE t.desk_id = open_incident.desk_id AND t.ticket_no = parent AND t.team_id IS NOT NULL;
  RETURN parent;
END
$$;
COMMENT ON FUNCTION csflow.open_incident(bigint, timestamptz, bigint, text, text, csflow.ticket_no[], bigint) IS
'Opens the parent ticket of an incident for a group of incident_groups(), at least priority A, and tells its department; returns its number. Part of find_incidents(). Handbook B9.';

CREATE FUNCTION csflow.tell_workarounds(desk_id bigint, at timestamptz) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  children csflow.ticket_no[];
  told integer;
BEGIN
  SELECT array_agg(l.ticket_no) INTO children
  FROM (SELECT c.ticket_no FROM csflow.incident AS i
    JOIN csflow.ticket AS c ON c.desk_id = i.desk_id AND c.parent_no = i.parent_no
      AND c.state NOT IN ('answered', 'closed', 'duplicate', 'invalid')
    WHERE i.desk_id = tell_workarounds.desk_id AND i.resolved_at IS NULL AND i.workaround IS NOT NULL
      AND NOT EXISTS (SELECT FROM csflow.message AS m WHERE m.desk_id = c.desk_id AND m.ticket_no = c.ticket_no
        AND m.source = 'incident' AND m.external_id = 'workaround ' || i.parent_no::text)
    ORDER BY c.desk_id, c.ticket_no FOR NO KEY UPDATE OF c SKIP LOCKED) AS l;
  -- A statement of its own: it sees the last change of what is locked now.
  INSERT INTO csflow.message (desk_id, ticket_no, at, author_kind, is_public, body, source, external_id)
  SELECT c.desk_id, c.ticket_no, greatest(tell_workarounds.at, c.changed_at), 'system', true, i.workaround, 'incident',
    'workaround ' || i.parent_no::text
  FROM csflow.ticket AS c
  JOIN csflow.incident AS i ON i.desk_id = c.desk_id AND i.parent_no = c.parent_no
  WHERE c.desk_id = tell_workarounds.desk_id AND c.ticket_no = ANY (children)
  ORDER BY c.ticket_no
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS told = ROW_COUNT;
  RETURN told;
END
$$;
COMMENT ON FUNCTION csflow.tell_workarounds(bigint, timestamptz) IS
'Tells the customers of the open children of open incidents the known workaround, as an automatic public message, once each; returns how many. Locked tickets are left for the next pass. Part of find_incidents(). Handbook B9.';

CREATE FUNCTION csflow.answer_children(desk_id bigint, parent_no csflow.ticket_no, body text, author_kind text, agent_id bigint,
  at timestamptz) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  children csflow.ticket_no[];
  answered integer;
BEGIN
  SELECT array_agg(l.ticket_no) INTO children
  FROM (SELECT t.ticket_no FROM csflow.ticket AS t
    WHERE t.desk_id = answer_children.desk_id AND t.parent_no = answer_children.parent_no
      AND t.state NOT IN ('answered', 'under_review', 'closed', 'duplicate', 'invalid')
      AND EXISTS (SELECT FROM csflow.transition AS r
        WHERE r.desk_id = t.desk_id AND r.from_state = t.state AND r.to_state = 'answered')
      AND NOT EXISTS (SELECT FROM csflow.desk AS d
        WHERE d.desk_id = t.desk_id AND ('all' = ANY (d.approval_for) OR EXISTS (SELECT FROM csflow.approval AS a
          WHERE a.desk_id = t.desk_id AND a.ticket_no = t.ticket_no AND a.decided_at IS NULL AND a.subject = ANY (d.approval_for))))
    ORDER BY t.desk_id, t.ticket_no FOR NO KEY UPDATE) AS l;
  INSERT INTO csflow.message (desk_id, ticket_no, at, author_kind, is_public, body, source, external_id, changed_by)
  SELECT t.desk_id, t.ticket_no, greatest(answer_children.at, t.changed_at), answer_children.author_kind, true, answer_children.body,
    'incident', 'answer ' || answer_children.parent_no::text, answer_children.agent_id
  FROM csflow.ticket AS t WHERE t.desk_id = answer_children.desk_id AND t.ticket_no = ANY (children)
  ORDER BY t.ticket_no
  ON CONFLICT DO NOTHING;
  UPDATE csflow.ticket AS t
  SET state = 'answered', change_reason = 'incident ' || answer_children.parent_no::text, changed_by = answer_children.agent_id,
    changed_by_kind = nullif(answer_children.author_kind, 'agent'), changed_at = greatest(answer_children.at, t.changed_at)
  WHERE t.desk_id = answer_children.desk_id AND t.ticket_no = ANY (children);
  GET DIAGNOSTICS answered = ROW_COUNT;
  RETURN answered;
END
$$;
COMMENT ON FUNCTION csflow.answer_children(bigint, csflow.ticket_no, text, text, bigint, timestamptz) IS
'Answers the children of an incident that are being worked on with body, at the instant at or their last change, whichever is later; objections under review are left to their reviewers, and those whose answer must be approved (desk.approval_for) to whoever handles them. author_kind: agent (agent_id, NULL for the agent whose role this is) or system. Returns how many. Part of resolve_incident() and find_incidents(). Handbook B9.';

CREATE FUNCTION csflow.resolve_incident(desk_id bigint, parent_no csflow.ticket_no, body text, agent_id bigint DEFAULT NULL,
  at timestamptz DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  incident record;
BEGIN
  PERFORM csflow.require_text('body of the answer', resolve_incident.body);
  SELECT i.resolved_at INTO incident FROM csflow.incident AS i
  WHERE i.desk_id = resolve_incident.desk_id AND i.parent_no = resolve_incident.parent_no
  FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'desk % has no incident %', resolve_incident.desk_id, resolve_incident.parent_no
      USING ERRCODE = 'SF004', HINT = 'Name the parent ticket, see csflow.incident.';
  ELSIF incident.resolved_at IS NOT NULL THEN
    RAISE EXCEPTION 'incident % is resolved already', resolve_incident.parent_no
      USING ERRCODE = 'SF006', DETAIL = format('It was resolved at %s.', incident.resolved_at);
  END IF;
  -- Parent and children in the order of their numbers, before the first of them changes.
  PERFORM FROM csflow.ticket AS t
  WHERE t.desk_id = resolve_incident.desk_id
    AND (t.ticket_no = resolve_incident.parent_no OR t.parent_no = resolve_incident.parent_no)
  ORDER BY t.desk_id, t.ticket_no FOR NO KEY UPDATE;
  IF (SELECT t.state NOT IN ('answered', 'closed', 'duplicate', 'invalid') FROM csflow.ticket AS t
      WHERE t.desk_id = resolve_incident.desk_id AND t.ticket_no = resolve_incident.parent_no) THEN
    PERFORM csflow.answer(resolve_incident.desk_id, resolve_incident.parent_no, resolve_incident.body, resolve_incident.agent_id,
      resolve_incident.at);
  END IF;
  UPDATE csflow.incident AS i SET resolved_at = greatest(coalesce(resolve_incident.at, now()), i.opened_at)
  WHERE i.desk_id = resolve_incident.desk_id AND i.parent_no = resolve_incident.parent_no;
  RETURN csflow.answer_children(resolve_incident.desk_id, resolve_incident.parent_no, resolve_incident.body, 'agent',
    resolve_incident.agent_id, coalesce(resolve_incident.at, now()));
END
$$;
COMMENT ON FUNCTION csflow.resolve_incident(bigint, csflow.ticket_no, text, bigint, timestamptz) IS
'Ends an incident: body answers the parent and its children that are being worked on; a child whose answer must be approved first stays with its handler. agent_id: who did it, NULL for the agent whose role this is; at: the instant, NULL means now. Returns the number of children answered. A parent answered or closed by other means does the same at the next pass, with its last public words. Errors: SF004 no such incident, SF006 resolved already, SF017 no body; as csflow.answer. Handbook B9.';

CREATE FUNCTION csflow.follow_closed_parents(desk_id bigint, at timestamptz) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  done record;
  words text;
  answered integer := 0;
BEGIN
  FOR done IN
    SELECT i.parent_no, t.state, t.changed_at FROM csflow.incident AS i
    JOIN csflow.ticket AS t ON t.desk_id = i.desk_id AND t.ticket_no = i.parent_no
    WHERE i.desk_id = follow_closed_parents.desk_id AND i.resolved_at IS NULL
      AND t.state IN ('answered', 'closed', 'duplicate', 'invalid') AND t.changed_at <= follow_closed_parents.at
    ORDER BY i.parent_no
  LOOP
    UPDATE csflow.incident AS i SET resolved_at = done.changed_at
    WHERE i.desk_id = follow_closed_parents.desk_id AND i.parent_no = done.parent_no;
    SELECT m.body INTO words FROM csflow.message AS m
    WHERE m.desk_id = follow_closed_parents.desk_id AND m.ticket_no = done.parent_no AND m.author_kind = 'agent' AND m.is_public
      AND done.state IN ('answered', 'closed')
    ORDER BY m.at DESC, m.message_no DESC LIMIT 1;
    answered := answered + 1;
    IF FOUND THEN
      answered := answered + csflow.answer_children(follow_closed_parents.desk_id, done.parent_no, words, 'system', NULL,
        follow_closed_parents.at);
    END IF;
  END LOOP;
  RETURN answered;
END
$$;
COMMENT ON FUNCTION csflow.follow_closed_parents(bigint, timestamptz) IS
'Ends the incidents whose parent was answered, closed or marked without resolve_incident(): the parent''s last public words answer the children; without such words, or where the parent was invalid or a duplicate, they stay with their handlers. Returns incidents ended and children answered. Part of find_incidents(). Handbook B9.';

CREATE FUNCTION csflow.find_incidents(desk_id bigint, at timestamptz DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  instant timestamptz := csflow.sweep_instant(at);
  largest record;
  done integer;
BEGIN
  PERFORM FROM csflow.desk AS d WHERE d.desk_id = find_incidents.desk_id FOR NO KEY UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN 0; -- another pass is at it
  END IF;
  -- Against resolve_incident(), which holds the row of its incident.
  PERFORM FROM csflow.incident AS i WHERE i.desk_id = find_incidents.desk_id AND i.resolved_at IS NULL
  ORDER BY i.desk_id, i.parent_no FOR NO KEY UPDATE;
  done := csflow.follow_closed_parents(find_incidents.desk_id, instant) + csflow.link_to_incidents(find_incidents.desk_id, instant);
  LOOP
    -- One at a time: a ticket that agrees with others in region and in version belongs to the larger group only.
    -- A desk that takes no tickets any more takes none from here; an error would keep the other desks from being watched.
    SELECT g.* INTO largest FROM csflow.incident_groups(find_incidents.desk_id, instant) AS g
    WHERE EXISTS (SELECT FROM csflow.channel AS n WHERE n.desk_id = find_incidents.desk_id AND n.is_active)
    ORDER BY g.customers DESC, g.facet, g.category_id, g.value LIMIT 1;
    EXIT WHEN NOT FOUND;
    PERFORM csflow.open_incident(find_incidents.desk_id, instant, largest.category_id, largest.facet, largest.value, largest.tickets,
      largest.customers);
    done := done + 1 + csflow.link_to_incidents(find_incidents.desk_id, instant);
  END LOOP;
  done := done + csflow.tell_workarounds(find_incidents.desk_id, instant);
  UPDATE csflow.incident AS i SET checked_at = instant
  WHERE i.desk_id = find_incidents.desk_id AND i.resolved_at IS NULL AND i.checked_at < instant;
  RETURN done;
END
$$;
COMMENT ON FUNCTION csflow.find_incidents(bigint, timestamptz) IS
'One pass over the incidents of a desk as of the instant at (NULL means now): ends those whose parent is done, links new matches (at least priority A, told the known workaround), and where incident_minimum different customers, and incident_factor times as many as usual, with the same category, and the same region or version where their tickets have one, came within incident_window, opens one: once an episode, until it is resolved. Returns incidents opened or ended, tickets linked, told and answered; 0 when nothing was to be done, or another pass is at the desk. Errors: SF009 future instant, SF010 without the right to act for others, SF014 no flow. Handbook B9.';

CREATE FUNCTION csflow.incident_watch_batch(at timestamptz DEFAULT NULL, batch integer DEFAULT 1000) RETURNS integer
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
    WHERE d.incident_minimum > 0
      OR EXISTS (SELECT FROM csflow.incident AS i WHERE i.desk_id = d.desk_id AND i.resolved_at IS NULL)
    ORDER BY d.desk_id
  LOOP
    BEGIN
      done := done + csflow.find_incidents(desk.desk_id, instant);
    EXCEPTION WHEN disk_full THEN
      RAISE; -- no desk's fault
    WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS failure_code = RETURNED_SQLSTATE, failure = MESSAGE_TEXT;
      IF NOT csflow.note_desk_failure('incident_watch', instant, desk.desk_id, failure_code, failure) THEN
        RAISE;
      END IF;
    END;
    EXIT WHEN done >= batch;
  END LOOP;
  DELETE FROM csflow.set_aside AS s
  WHERE s.job = 'incident_watch' AND s.retry_at <= instant
    AND NOT EXISTS (SELECT FROM csflow.incident_matches(s.desk_id, instant) AS m WHERE m.ticket_no = s.ticket_no);
  RETURN done;
END
$$;
COMMENT ON FUNCTION csflow.incident_watch_batch(timestamptz, integer) IS
'find_incidents() for one desk after the other until batch things were done. Returns how many, 0 when nothing is left to do. In a run of the job an error of one desk is noted and the others have their turn. Errors as csflow.find_incidents. Handbook B9.';

CREATE FUNCTION csflow.known_workaround(desk_id bigint, ticket_no csflow.ticket_no) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (
    SELECT i.workaround
    FROM csflow.my_ticket AS t
    JOIN csflow.incident AS i ON i.desk_id = t.desk_id AND i.workaround IS NOT NULL
      AND (i.parent_no = t.parent_no OR i.parent_no = t.ticket_no OR (i.resolved_at IS NULL AND i.category_id = t.category_id
        AND EXISTS (SELECT FROM csflow.incident_facets(t.attributes) AS f WHERE f.facet = i.facet AND f.value = i.value)))
    WHERE t.desk_id = known_workaround.desk_id AND t.ticket_no = known_workaround.ticket_no
    ORDER BY (i.parent_no = t.parent_no) IS TRUE DESC, i.opened_at LIMIT 1);
END
$$;
COMMENT ON FUNCTION csflow.known_workaround(bigint, csflow.ticket_no) IS
'The workaround of the incident a ticket belongs to, also before a pass has linked it; NULL when none is known. Handbook B9.';

REVOKE EXECUTE ON FUNCTION csflow.incident_matches(bigint, timestamptz), csflow.incident_groups(bigint, timestamptz),
  csflow.link_matches(bigint, timestamptz, csflow.ticket_no), csflow.link_to_incidents(bigint, timestamptz),
  csflow.open_incident(bigint, timestamptz, bigint, text, text, csflow.ticket_no[], bigint),
  csflow.tell_workarounds(bigint, timestamptz), csflow.follow_closed_parents(bigint, timestamptz),
  csflow.find_incidents(bigint, timestamptz), csflow.incident_watch_batch(timestamptz, integer) FROM PUBLIC;
