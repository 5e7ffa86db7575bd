-- Replaying a log into a desk: its events strictly in the order of their instants, and between them the sweeps that a
-- scheduler would have run, at the simulated minute. Only what any application may use: INSERT, UPDATE and the verbs.

CREATE FUNCTION csflow_demo.create_people(desk_id bigint, source text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  INSERT INTO csflow.team (desk_id, code, name_zh, name_en)
  SELECT create_people.desk_id, n.team, n.team, n.team
  FROM (SELECT DISTINCT l.team FROM csflow_demo.log AS l WHERE l.source = create_people.source AND l.team IS NOT NULL) AS n
  ORDER BY n.team
  ON CONFLICT DO NOTHING;
  INSERT INTO csflow.agent (desk_id, name, team_id)
  SELECT create_people.desk_id, n.agent, t.team_id
  FROM (
    SELECT p.agent, (array_agg(p.team ORDER BY l.at, l.row_no) FILTER (WHERE p.team IS NOT NULL))[1] AS team
    FROM csflow_demo.log AS l, LATERAL (VALUES (l.agent, l.team), (l.actor, NULL)) AS p (agent, team)
    WHERE l.source = create_people.source AND p.agent IS NOT NULL GROUP BY p.agent) AS n
  LEFT JOIN csflow.team AS t ON t.desk_id = create_people.desk_id AND t.code = n.team
  WHERE NOT EXISTS (SELECT FROM csflow.agent AS a WHERE a.desk_id = create_people.desk_id AND a.name = n.agent)
  ORDER BY n.agent;
  INSERT INTO csflow.customer (desk_id, external_id, tier)
  SELECT create_people.desk_id, n.customer, coalesce(n.tier, 'standard')
  FROM (
    SELECT l.customer, (array_agg(l.customer_tier ORDER BY l.at, l.row_no) FILTER (WHERE l.customer_tier IS NOT NULL))[1] AS tier
    FROM csflow_demo.log AS l WHERE l.source = create_people.source AND l.customer IS NOT NULL GROUP BY l.customer) AS n
  ORDER BY n.customer
  ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION csflow_demo.create_people(bigint, text) IS 'Teams (by code), agents (by name) and customers (by external id) that a log names and the desk does not have.';

CREATE FUNCTION csflow_demo.ticket_of(desk_id bigint, source text, ticket text) RETURNS csflow.ticket_no
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  found_no csflow.ticket_no;
BEGIN
  SELECT t.ticket_no INTO found_no FROM csflow.ticket AS t
  WHERE t.desk_id = ticket_of.desk_id AND t.source = ticket_of.source AND t.external_id = ticket_of.ticket;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'ticket "%" was not opened', ticket USING ERRCODE = 'SF004';
  END IF;
  RETURN found_no;
END
$$;
COMMENT ON FUNCTION csflow_demo.ticket_of(bigint, text, text) IS 'Number of the ticket that a log calls by its own name. Errors: SF004.';

CREATE FUNCTION csflow_demo.agent_of(desk_id bigint, name text) RETURNS bigint
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  RETURN (SELECT a.agent_id FROM csflow.agent AS a WHERE a.desk_id = agent_of.desk_id AND a.name = agent_of.name ORDER BY a.agent_id LIMIT 1);
END
$$;
COMMENT ON FUNCTION csflow_demo.agent_of(bigint, text) IS 'Agent of that name, or NULL.';

CREATE FUNCTION csflow_demo.open(desk_id bigint, e csflow_demo.log, team_id bigint, agent_id bigint, actor bigint) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  -- Looked for first, for a number once drawn is used up.
  IF EXISTS (SELECT FROM csflow.ticket AS t WHERE t.desk_id = open.desk_id AND t.source = e.source AND t.external_id = e.ticket) THEN
    RETURN;
  END IF;
  INSERT INTO csflow.ticket (desk_id, ticket_no, channel, customer_id, customer_tier, title, body, amount, impact, urgency, priority, team_id,
    agent_id, attributes, source, external_id, opened_at, changed_by, changed_by_kind)
  VALUES (open.desk_id, csflow.next_ticket_no(e.at), e.channel,
    (SELECT c.customer_id FROM csflow.customer AS c WHERE c.desk_id = open.desk_id AND c.external_id = e.customer), e.customer_tier, e.title,
    coalesce(e.body, ''), e.amount, e.impact, e.urgency, e.priority, open.team_id, open.agent_id, coalesce(e.attributes, '{}'), e.source,
    e.ticket, e.at, open.actor, CASE WHEN open.actor IS NULL THEN 'customer' END);
END
$$;
COMMENT ON FUNCTION csflow_demo.open(bigint, csflow_demo.log, bigint, bigint, bigint) IS 'Opens the ticket of an event "opened", with a number of that month, unless it is there.';

CREATE FUNCTION csflow_demo.say(desk_id bigint, no csflow.ticket_no, e csflow_demo.log, agent_id bigint) RETURNS void
LANGUAGE sql
AS $$
  SELECT csflow.add_message(desk_id, no, CASE e.event WHEN 'customer_message' THEN 'customer' WHEN 'automatic_message' THEN 'system' ELSE 'agent' END,
    e.event <> 'note', e.body, e.next_news_at, e.milestone, agent_id, e.at, e.source, e.ticket || '/' || e.position)
$$;
COMMENT ON FUNCTION csflow_demo.say(bigint, csflow.ticket_no, csflow_demo.log, bigint) IS 'Adds the message of an event under an external id of its own.';

CREATE FUNCTION csflow_demo.apply(desk_id bigint, e csflow_demo.log) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  agent bigint := csflow_demo.agent_of(desk_id, e.agent);
  actor bigint := csflow_demo.agent_of(desk_id, coalesce(e.actor, CASE WHEN e.event NOT IN ('opened', 'assigned', 'transferred') THEN e.agent END));
  team bigint := (SELECT t.team_id FROM csflow.team AS t WHERE t.desk_id = apply.desk_id AND t.code = e.team);
  no csflow.ticket_no;
BEGIN
  IF e.event = 'opened' THEN
    PERFORM csflow_demo.open(desk_id, e, team, agent, actor);
    RETURN;
  END IF;
  no := csflow_demo.ticket_of(desk_id, e.source, e.ticket);
  CASE
    WHEN e.event IN ('customer_message', 'automatic_message', 'reply', 'note') THEN
      PERFORM csflow_demo.say(desk_id, no, e, actor);
    WHEN e.event = 'routed' THEN
      UPDATE csflow.ticket AS t SET team_id = team, change_reason = e.reason, changed_by = actor, changed_at = e.at
      WHERE t.desk_id = apply.desk_id AND t.ticket_no = no;
    WHEN e.event = 'assigned' THEN PERFORM csflow.assign(desk_id, no, agent, e.reason, actor, e.at);
    WHEN e.event = 'unassigned' THEN
      UPDATE csflow.ticket AS t SET agent_id = NULL, change_reason = e.reason, changed_by = actor, changed_at = e.at
      WHERE t.desk_id = apply.desk_id AND t.ticket_no = no;
    WHEN e.event = 'accepted' THEN PERFORM csflow.accept(desk_id, no, actor, e.at, e.reason);
    WHEN e.event = 'transferred' THEN PERFORM csflow.transfer(desk_id, no, e.team, e.reason, agent, actor, e.at);
    WHEN e.event = 'waiting_customer' THEN PERFORM csflow.wait_for_customer(desk_id, no, e.reason, actor, e.at);
    WHEN e.event = 'waiting_partner' THEN PERFORM csflow.wait_for_partner(desk_id, no, e.reason, actor, e.at);
    WHEN e.event = 'waiting_approval' THEN PERFORM csflow.request_approval(desk_id, no, e.reason, actor, e.at);
    WHEN e.event IN ('approved', 'rejected') THEN PERFORM csflow.decide(desk_id, no, e.event = 'approved', e.reason, actor, e.at);
    WHEN e.event = 'resumed' THEN PERFORM csflow.resume(desk_id, no, e.reason, actor, e.at);
    WHEN e.event = 'answered' AND e.body IS NOT NULL THEN
      PERFORM csflow_demo.say(desk_id, no, e, actor);
      PERFORM csflow.change_state(desk_id, no, 'answered', e.reason, actor, e.at);
    WHEN e.event = 'answered' THEN PERFORM csflow.change_state(desk_id, no, 'answered', e.reason, actor, e.at);
    WHEN e.event = 'confirmed' THEN PERFORM csflow.confirm(desk_id, no, actor, e.at);
    WHEN e.event = 'reopened' THEN PERFORM csflow.reopen(desk_id, no, e.reason, actor, e.at);
    WHEN e.event = 'objected' THEN PERFORM csflow.object(desk_id, no, e.reason, actor, e.at);
    WHEN e.event = 'closed' THEN PERFORM csflow.close_ticket(desk_id, no, e.reason, actor, e.at);
    WHEN e.event = 'duplicate' THEN
      PERFORM csflow.mark_duplicate(desk_id, no, csflow_demo.ticket_of(desk_id, e.source, e.original), e.reason, actor, e.at);
    WHEN e.event = 'invalid' THEN PERFORM csflow.mark_invalid(desk_id, no, e.reason, actor, e.at);
    WHEN e.event = 'restored' THEN PERFORM csflow.undo_mark(desk_id, no, e.reason, actor, e.at);
    WHEN e.event = 'category' THEN
      PERFORM csflow.correct(desk_id, no, e.reason, kind => split_part(e.category, '/', 1), category => nullif(split_part(e.category, '/', 2), ''),
        agent_id => actor, at => e.at);
    WHEN e.event = 'priority' THEN PERFORM csflow.correct(desk_id, no, e.reason, priority => e.priority, agent_id => actor, at => e.at);
    WHEN e.event = 'severity' THEN
      UPDATE csflow.ticket AS t SET impact = e.impact, urgency = e.urgency, change_reason = e.reason, changed_by = actor, changed_at = e.at
      WHERE t.desk_id = apply.desk_id AND t.ticket_no = no;
  END CASE;
END
$$;
COMMENT ON FUNCTION csflow_demo.apply(bigint, csflow_demo.log) IS 'Does in the desk what an event of the log says. Errors: whatever the flow refuses.';

CREATE FUNCTION csflow_demo.try_apply(desk_id bigint, e csflow_demo.log) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  why text;
BEGIN
  BEGIN
    PERFORM csflow_demo.apply(desk_id, e);
  EXCEPTION WHEN OTHERS THEN
    why := SQLSTATE || ': ' || SQLERRM;
  END;
  UPDATE csflow_demo.log AS l SET applied_at = clock_timestamp(), refusal = why
  WHERE l.source = e.source AND l.ticket = e.ticket AND l.position = e.position;
END
$$;
COMMENT ON FUNCTION csflow_demo.try_apply(bigint, csflow_demo.log) IS 'Applies an event and notes that it was; one that the flow refuses is noted with the reason and stops nothing.';

-- The simulated scheduler: when a job ran last. Its schedules are those of csflow.schedule_jobs() with pg_cron 1.4.
CREATE TABLE csflow_demo.scheduler (
  desk_id bigint NOT NULL,
  job text NOT NULL,
  every interval NOT NULL,
  last_at timestamptz NOT NULL DEFAULT '-infinity',
  sweeps bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (desk_id, job)
);

CREATE FUNCTION csflow_demo.next_sweep(desk_id bigint, OUT job text, OUT at timestamptz)
LANGUAGE plpgsql
AS $$
BEGIN
  SELECT s.job, greatest(date_bin(s.every, d.due + s.every - interval '1 microsecond', '2000-01-01 00:00Z'), s.last_at + s.every)
  INTO next_sweep.job, next_sweep.at
  FROM csflow_demo.scheduler AS s
  CROSS JOIN LATERAL (
    SELECT CASE s.job
      WHEN 'auto_close' THEN (SELECT c.next_at FROM csflow.clock AS c WHERE c.desk_id = s.desk_id AND c.next_at IS NOT NULL AND c.next_closes ORDER BY c.next_at LIMIT 1)
      ELSE (SELECT c.next_at FROM csflow.clock AS c WHERE c.desk_id = s.desk_id AND c.next_at IS NOT NULL AND NOT c.next_closes ORDER BY c.next_at LIMIT 1)
    END AS due) AS d
  WHERE s.desk_id = next_sweep.desk_id AND d.due IS NOT NULL
  ORDER BY 2, 1 DESC LIMIT 1;
END
$$;
COMMENT ON FUNCTION csflow_demo.next_sweep(bigint, OUT text, OUT timestamptz) IS 'The next job that would find something due, and the instant at which it runs: sweeps that find nothing are not played.';

CREATE PROCEDURE csflow_demo.sweep_until(desk_id bigint, until timestamptz)
LANGUAGE plpgsql
AS $$
DECLARE
  sweep record;
BEGIN
  LOOP
    SELECT n.job, n.at INTO sweep FROM csflow_demo.next_sweep(desk_id) AS n;
    EXIT WHEN sweep.at IS NULL OR sweep.at >= until;
    WHILE CASE sweep.job WHEN 'auto_close' THEN csflow.auto_close_batch(sweep.at) ELSE csflow.escalate_batch(sweep.at) END >= 1000 LOOP
      COMMIT;
    END LOOP;
    UPDATE csflow_demo.scheduler AS s SET last_at = sweep.at, sweeps = s.sweeps + 1 WHERE s.desk_id = sweep_until.desk_id AND s.job = sweep.job;
    COMMIT;
  END LOOP;
END
$$;
COMMENT ON PROCEDURE csflow_demo.sweep_until(bigint, timestamptz) IS 'Runs the sweeps due before an instant, each at its simulated minute.';

CREATE PROCEDURE csflow_demo.play(desk_id bigint, source text, until timestamptz DEFAULT 'infinity')
LANGUAGE plpgsql
AS $$
DECLARE
  e csflow_demo.log;
  minute timestamptz := '-infinity';  -- no sweep runs between two events before the same full minute
BEGIN
  INSERT INTO csflow_demo.scheduler (desk_id, job, every) VALUES (play.desk_id, 'escalation', '1 minute'), (play.desk_id, 'auto_close', '5 minutes')
  ON CONFLICT DO NOTHING;
  FOR e IN
    SELECT l.* FROM csflow_demo.log AS l
    WHERE l.source = play.source AND l.applied_at IS NULL AND l.at < play.until
    ORDER BY l.at, l.row_no, l.position
  LOOP
    IF date_bin('1 minute', e.at + interval '59.999999 seconds', '2000-01-01 00:00Z') > minute THEN
      minute := date_bin('1 minute', e.at + interval '59.999999 seconds', '2000-01-01 00:00Z');
      CALL csflow_demo.sweep_until(play.desk_id, e.at);
    END IF;
    PERFORM csflow_demo.try_apply(play.desk_id, e);
    COMMIT;
  END LOOP;
  IF isfinite(play.until) THEN
    CALL csflow_demo.sweep_until(play.desk_id, play.until);
  END IF;
END
$$;
COMMENT ON PROCEDURE csflow_demo.play(bigint, text, timestamptz) IS 'Replays what a loaded log holds before an instant and has not been replayed, each event in a transaction of its own, with the sweeps between; then the sweeps up to that instant. Played again it changes nothing.';

CREATE FUNCTION csflow_demo.spans(source text, OUT n bigint, OUT unit text, OUT from_at timestamptz, OUT until timestamptz) RETURNS SETOF record
LANGUAGE sql STABLE
AS $$
  SELECT row_number() OVER (ORDER BY g.from_at), u.unit, g.from_at, least(g.from_at + u.step, greatest(now(), l.last_at + interval '1 second'))
  FROM (SELECT min(l.at) AS first_at, max(l.at) AS last_at FROM csflow_demo.log AS l WHERE l.source = spans.source) AS l
  CROSS JOIN LATERAL (SELECT x.unit, ('1 ' || x.unit)::interval AS step FROM (VALUES ('day', '32 days'::interval), ('week', '400 days'), ('month', NULL)) AS x (unit, most)
    WHERE l.last_at - l.first_at < x.most OR x.most IS NULL LIMIT 1) AS u
  CROSS JOIN LATERAL generate_series(date_trunc(u.unit, l.first_at), l.last_at, u.step) AS g (from_at)
  ORDER BY g.from_at
$$;
COMMENT ON FUNCTION csflow_demo.spans(text, OUT bigint, OUT text, OUT timestamptz, OUT timestamptz) IS 'The days of a log, or its weeks or months when it is long, in the time zone of the session; the last ends no later than now or the log.';

CREATE FUNCTION csflow_demo.progress(desk_id bigint, source text, from_at timestamptz, until timestamptz) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  c record;
BEGIN
  SELECT count(*) FILTER (WHERE e.kind = 'opened') AS opened, count(*) FILTER (WHERE e.kind IN ('reply', 'customer_message', 'automatic_message', 'note')) AS messages,
    count(*) FILTER (WHERE e.old_value = 'warning') AS warnings, count(*) FILTER (WHERE e.old_value = 'breach') AS breaches,
    count(*) FILTER (WHERE e.old_value = 'escalation' AND e.new_value <> 'close') AS escalations,
    count(*) FILTER (WHERE e.kind = 'closed' AND e.actor_kind = 'system') AS auto_closed, count(*) FILTER (WHERE e.kind = 'closed') AS closed
  INTO c
  FROM csflow.event AS e WHERE e.desk_id = progress.desk_id AND e.at >= from_at AND e.at < until;
  RETURN format('%s %6s %6s %8s %8s %8s %8s %8s %8s %8s', to_char(from_at, 'YYYY-MM-DD Dy'),
    (SELECT count(*) FROM csflow_demo.log AS l WHERE l.source = progress.source AND l.applied_at IS NOT NULL AND l.at >= from_at AND l.at < until),
    c.opened, c.messages, c.warnings, c.breaches, c.escalations, c.closed, c.auto_closed,
    (SELECT count(*) FROM csflow.ticket AS t WHERE t.desk_id = progress.desk_id AND t.state NOT IN ('answered', 'closed', 'duplicate', 'invalid')));
END
$$;
COMMENT ON FUNCTION csflow_demo.progress(bigint, text, timestamptz, timestamptz) IS 'What happened in a span of the log, as one line under the heading of test/demo/play.sql.';
