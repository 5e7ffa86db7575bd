-- The clocks of a ticket once more, in plain SQL and PL/pgSQL, from its events and the rows of csflow.target alone: what
-- playbooks.md 1.0 says of starting, stopping, pausing, re-arming, voiding and reopening. Nothing is taken from csflow.clock,
-- and only business_add and business_between are taken from the extension. Desks under test must not use the conditions
-- category_id, channel, handling_tier and complexity.
CREATE SCHEMA replay;

CREATE TYPE replay.run AS (clock text, run integer, target_id bigint, priority text, started_at timestamptz, length bigint, spent bigint,
  run_since timestamptz, due_at timestamptz, paused_at timestamptz, paused bigint, stopped_at timestamptz, outcome text,
  subject bigint, missed integer, turn text, counted timestamptz, own bigint, customer bigint, partner bigint);

CREATE FUNCTION replay.us(span interval) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN (extract(epoch FROM span) * 1000000)::bigint;

CREATE VIEW replay.target AS
SELECT t.*, w.calendar AS hours, d.zone, EXISTS (SELECT FROM csflow.step s WHERE s.desk_id = t.desk_id AND s.target_id = t.target_id AND s.action = 'close') AS closes
FROM csflow.target t JOIN csflow.desk d USING (desk_id) JOIN csflow.working_calendar w ON w.desk_id = t.desk_id AND w.code = t.calendar;

-- Which target wins for each sort of ticket: the one with the most conditions.
CREATE TABLE replay.winner (clock text, priority text, kind text, channel text, tier text, target_id bigint, PRIMARY KEY (clock, priority, kind, channel, tier));
CREATE PROCEDURE replay.find_winners(desk bigint) LANGUAGE sql AS $$
  INSERT INTO replay.winner
  SELECT DISTINCT ON (t.clock, p, k, h.channel, r) t.clock, p, k, h.channel, r, CASE WHEN NOT t.is_exempt THEN t.target_id END
  FROM csflow.target t CROSS JOIN unnest('{E,A,B,C}'::text[]) p CROSS JOIN csflow.channel h CROSS JOIN unnest('{standard,vip}'::text[]) r
    CROSS JOIN (SELECT code FROM csflow.category WHERE desk_id = desk AND parent_id IS NULL UNION ALL SELECT '') k (k)
  WHERE t.desk_id = desk AND h.desk_id = desk AND t.is_active AND coalesce(t.priority::text = p, true) AND coalesce(t.kind = k, true)
    AND coalesce((t.channel_class = 'instant') = h.is_instant, true) AND coalesce(t.customer_tier = r, true)
  ORDER BY t.clock, p, k, h.channel, r, num_nonnulls(t.priority, t.kind, t.channel_class, t.customer_tier) DESC
$$;

-- What happened to a ticket, one row a change: the events of one UPDATE (one instant, one actor) belong together, a message
-- stands by itself.
CREATE FUNCTION replay.changes(desk bigint, no csflow.ticket_no)
RETURNS TABLE (n bigint, at timestamptz, signals text[], named timestamptz, state text, priority text, kind text, team bigint, task bigint, cancelled boolean) LANGUAGE sql STABLE AS $$
  WITH told AS (
    SELECT e.*, e.kind IN ('customer_message', 'automatic_message', 'reply', 'note', 'task_created', 'task_changed', 'task_done', 'task_cancelled') AS is_message,
      CASE e.kind WHEN 'transferred' THEN e.new_value::bigint ELSE (SELECT m.team_id FROM csflow.message m WHERE m.desk_id = desk AND m.ticket_no = no AND m.message_no = e.message_no) END AS team
    FROM csflow.event e WHERE desk_id = desk AND ticket_no = no AND e.kind NOT IN ('step_fired', 'step_skipped', 'clocks_recomputed')),
  numbered AS (
    SELECT t.*, sum((t.is_message OR lag_message OR t.at IS DISTINCT FROM lag_at OR t.actor_kind <> lag_actor)::int) OVER (ORDER BY seq) AS n FROM (
      SELECT told.*, lag(is_message, 1, true) OVER w AS lag_message, lag(told.at) OVER w AS lag_at, lag(actor_kind) OVER w AS lag_actor FROM told WINDOW w AS (ORDER BY seq)) t),
  grouped AS (
    SELECT e.n, min(e.at) AS at, max(e.due_at) AS named, max(e.team) AS team, max(e.new_value::bigint) FILTER (WHERE e.kind LIKE 'task%') AS task, bool_or(e.kind = 'task_cancelled') AS cancelled,
      array_agg(s.signal) FILTER (WHERE s.signal IS NOT NULL) AS signals,
      max(e.new_state) AS new_state,
      max(CASE e.kind WHEN 'opened' THEN e.new_value WHEN 'priority_changed' THEN e.new_value END) AS new_priority,
      max(e.new_value) FILTER (WHERE e.kind = 'category_changed') AS new_category
    FROM numbered e LEFT JOIN LATERAL (
      SELECT unnest(CASE e.kind
        WHEN 'opened' THEN ARRAY['opened', 'enter_' || e.new_state, CASE e.new_state WHEN 'in_progress' THEN 'accepted' WHEN 'answered' THEN 'answered' END]
        WHEN 'customer_message' THEN ARRAY['customer_message', e.new_value]
        WHEN 'note' THEN ARRAY[CASE WHEN e.actor_kind <> 'system' THEN 'internal_note' END, e.new_value, CASE WHEN e.actor_kind <> 'system' AND e.due_at IS NOT NULL THEN 'time_named' END]
        WHEN 'task_created' THEN ARRAY['task_created'] WHEN 'task_done' THEN ARRAY['task_done']
        WHEN 'task_changed' THEN CASE WHEN e.due_at IS DISTINCT FROM (SELECT p.due_at FROM told p WHERE p.kind IN ('task_created', 'task_changed') AND p.new_value = e.new_value AND p.seq < e.seq ORDER BY p.seq DESC LIMIT 1) THEN ARRAY['task_created'] END
        WHEN 'automatic_message' THEN ARRAY['public_message', e.new_value, CASE WHEN e.due_at IS NOT NULL THEN 'news_named' END]
        WHEN 'reply' THEN ARRAY['public_message', 'person_message', e.new_value, CASE WHEN e.due_at IS NOT NULL THEN 'news_named' END]
        ELSE ARRAY[CASE WHEN e.kind IN ('transferred', 'assigned', 'answered', 'closed', 'reopened', 'accepted') THEN e.kind END,
          'enter_' || e.new_state, 'leave_' || e.old_state] END) AS signal) s ON true
    GROUP BY e.n),
  first_category AS (
    SELECT coalesce((SELECT coalesce(e.old_value, '') FROM told e WHERE e.kind = 'category_changed' ORDER BY seq LIMIT 1),
      (SELECT t.category_id::text FROM csflow.ticket t WHERE desk_id = desk AND ticket_no = no), '') AS id)
  -- state, priority and category last the way until the next change of theirs
  -- what a person writes to a customer who has been answered is an answer again
  SELECT g.n, g.at, coalesce(g.signals, '{}') || CASE WHEN 'person_message' = ANY (g.signals) AND g.states[cardinality(g.states)] = 'answered'
      THEN '{answered}'::text[] ELSE '{}' END, g.named, g.states[cardinality(g.states)], g.priorities[cardinality(g.priorities)],
    coalesce((SELECT k.code FROM csflow.category c JOIN csflow.category k ON k.desk_id = c.desk_id AND k.category_id = coalesce(c.parent_id, c.category_id)
      WHERE c.desk_id = desk AND c.category_id::text = g.categories[cardinality(g.categories)]), ''), g.team, g.task, g.cancelled
  FROM (
    SELECT x.n, x.at, x.signals, x.named, x.team, x.task, x.cancelled, array_agg(x.new_state) FILTER (WHERE x.new_state IS NOT NULL) OVER w AS states,
      array_agg(x.new_priority) FILTER (WHERE x.new_priority IS NOT NULL) OVER w AS priorities,
      (SELECT id FROM first_category) || coalesce(array_agg(x.new_category) FILTER (WHERE x.new_category IS NOT NULL) OVER w, '{}') AS categories
    FROM grouped x WINDOW w AS (ORDER BY x.n)) g
  ORDER BY g.n
$$;

-- The changes of all tickets, once: every clock of a ticket reads them.
CREATE TABLE replay.change (ticket_no csflow.ticket_no, n bigint, at timestamptz, signals text[], named timestamptz, state text, priority text, kind text, team bigint, task bigint,
  cancelled boolean, PRIMARY KEY (ticket_no, n));
CREATE PROCEDURE replay.read_changes(desk bigint) LANGUAGE sql AS $$
  INSERT INTO replay.change SELECT t.ticket_no, c.* FROM csflow.ticket t, replay.changes(desk, t.ticket_no) c WHERE t.desk_id = desk
$$;

CREATE FUNCTION replay.turn(state text) RETURNS text LANGUAGE sql IMMUTABLE RETURN
  CASE state WHEN 'waiting_customer' THEN 'customer' WHEN 'waiting_partner' THEN 'partner' WHEN 'answered' THEN 'nobody' WHEN 'closed' THEN 'nobody' ELSE 'own' END;

-- Business time so far to whomever's turn it was; from now on to another.
CREATE FUNCTION replay.turned(r replay.run, at timestamptz, turn text) RETURNS replay.run LANGUAGE plpgsql STABLE AS $$
DECLARE
  passed bigint;
BEGIN
  IF at > r.counted AND r.turn <> 'nobody' THEN
    passed := replay.us(csflow.business_between((SELECT t.hours FROM replay.target t WHERE t.target_id = r.target_id), r.counted, at));
    CASE r.turn WHEN 'own' THEN r.own := r.own + passed; WHEN 'customer' THEN r.customer := r.customer + passed; ELSE r.partner := r.partner + passed; END CASE;
  END IF;
  r.counted := at;
  r.turn := turn;
  RETURN r;
END
$$;

CREATE FUNCTION replay.spent(r replay.run, at timestamptz) RETURNS bigint LANGUAGE sql STABLE RETURN
  (r).spent + CASE WHEN (r).run_since IS NULL OR at <= (r).run_since THEN 0
    ELSE replay.us(csflow.business_between((SELECT t.hours FROM replay.target t WHERE t.target_id = (r).target_id), (r).run_since, at)) END;

-- The next local time of day after an instant, on a later local day than another.
CREATE FUNCTION replay.next_daily(time_of_day time, zone text, later_day_than timestamptz, after timestamptz) RETURNS timestamptz LANGUAGE sql STABLE RETURN
  (SELECT min(i) FROM generate_series(1, 40) AS k, LATERAL (SELECT ((greatest(later_day_than, after - interval '3 days') AT TIME ZONE zone)::date + k + time_of_day) AT TIME ZONE zone AS i) x
    WHERE (i AT TIME ZONE zone)::date > (later_day_than AT TIME ZONE zone)::date AND i > after);

CREATE FUNCTION replay.measured(r replay.run, t replay.target, named timestamptz, previous_due timestamptz) RETURNS replay.run LANGUAGE plpgsql STABLE AS $$
BEGIN
  r.due_at := CASE WHEN t.due_from = 'none' THEN NULL WHEN t.due_from = 'named' THEN named
    WHEN t.mode = 'daily_at' THEN replay.next_daily(t.daily_at, t.zone, r.started_at, coalesce(previous_due, '-infinity'::timestamptz))
    ELSE csflow.business_add(t.hours, r.started_at, t.duration) END;
  r.length := CASE WHEN r.due_at IS NULL THEN NULL
    WHEN t.due_from = 'duration' AND t.mode <> 'daily_at' AND extract(day FROM t.duration) = 0 THEN replay.us(t.duration)
    ELSE greatest(replay.us(csflow.business_between(t.hours, r.started_at, r.due_at)), 0) END;
  RETURN r;
END
$$;

CREATE FUNCTION replay.begun(t replay.target, run integer, priority text, at timestamptz, named timestamptz, previous_due timestamptz, subject bigint, missed integer, turn text) RETURNS replay.run LANGUAGE sql STABLE RETURN
  replay.measured((t.clock, run, t.target_id, priority, at, NULL, 0, at, NULL, NULL, 0, NULL, NULL, subject, missed, turn, at, 0, 0, 0)::replay.run, t, named, previous_due);

CREATE FUNCTION replay.ended(r replay.run, at timestamptz, how text) RETURNS replay.run LANGUAGE plpgsql STABLE AS $$
BEGIN
  r := replay.turned(r, at, NULL);
  r.counted := NULL;
  r.spent := replay.spent(r, at);
  r.paused := r.paused + coalesce(replay.us(at - r.paused_at), 0);
  r.paused_at := NULL;
  r.run_since := NULL;
  r.stopped_at := at;
  r.outcome := how;
  RETURN r;
END
$$;

CREATE FUNCTION replay.verdict(r replay.run, at timestamptz) RETURNS text LANGUAGE sql STABLE RETURN
  CASE WHEN (r).length IS NULL OR (SELECT t.closes FROM replay.target t WHERE t.target_id = (r).target_id) THEN 'measured'
    WHEN (SELECT t.is_window FROM replay.target t WHERE t.target_id = (r).target_id) THEN CASE WHEN at > (r).due_at THEN 'lapsed' ELSE 'measured' END WHEN at > (r).due_at THEN 'breached' ELSE 'met' END;

CREATE FUNCTION replay.resumed(r replay.run, t replay.target, at timestamptz) RETURNS replay.run LANGUAGE plpgsql STABLE AS $$
BEGIN
  r.run_since := at;
  r.paused := r.paused + coalesce(replay.us(at - r.paused_at), 0);
  r.paused_at := NULL;
  IF r.length > r.spent THEN
    r.due_at := csflow.business_add(t.hours, at, (r.length - r.spent) * interval '1 microsecond');
  ELSIF r.due_at IS NULL AND r.length IS NOT NULL THEN
    r.due_at := at;
  END IF;
  RETURN r;
END
$$;

CREATE FUNCTION replay.retargeted(r replay.run, t replay.target, priority text, at timestamptz, named timestamptz) RETURNS replay.run LANGUAGE plpgsql STABLE AS $$
DECLARE
  used bigint := replay.spent(r, at);
  due_before timestamptz := r.due_at;
  was_running boolean := r.run_since IS NOT NULL;
  length_before bigint := r.length;
BEGIN
  r := replay.turned(r, at, r.turn);
  r.target_id := t.target_id;
  r.priority := priority;
  r := replay.measured(r, t, coalesce(named, due_before), NULL);
  -- what was missed before stays missed
  IF r.length IS NULL AND due_before < at THEN
    r.length := length_before;
    r.due_at := due_before;
  END IF;
  r.spent := used;
  r.run_since := CASE WHEN was_running THEN at END;
  IF r.length <= used THEN
    r.due_at := CASE WHEN due_before < at THEN due_before ELSE at END;
  ELSIF NOT was_running THEN
    r.due_at := NULL;
  ELSIF r.length IS NOT NULL AND t.due_from = 'duration' AND t.mode <> 'daily_at' THEN
    r.due_at := csflow.business_add(t.hours, at, (r.length - used) * interval '1 microsecond');
  END IF;
  RETURN r;
END
$$;


-- A run as the ticket's state has it: standing still or not, and whose turn it is.
CREATE FUNCTION replay.placed(r replay.run, w replay.target, state text, at timestamptz) RETURNS replay.run LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF r.turn <> replay.turn(state) THEN
    r := replay.turned(r, at, replay.turn(state));
  END IF;
  IF state = ANY (w.pauses_in) AND r.run_since IS NOT NULL THEN
    r.spent := replay.spent(r, at);
    r.due_at := CASE WHEN at > r.due_at THEN r.due_at END;
    r.run_since := NULL;
    r.paused_at := at;
  ELSIF state <> ALL (w.pauses_in) AND r.run_since IS NULL THEN
    r := replay.resumed(r, w, at);
  END IF;
  RETURN r;
END
$$;

-- What the ticket as a whole tells every subject's clock.
CREATE FUNCTION replay.is_shared(signal text) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN
  signal ~ '^(enter|leave)_' OR signal IN ('opened', 'condition_met', 'assigned', 'accepted', 'answered', 'closed', 'reopened', 'customer_message');

-- All runs of one clock of one ticket for one subject (0: the ticket); runs are numbered within it. horizon: the last sweep, by
-- which what ends by itself has ended. Runs left: past this many missed in a row none begins.
CREATE FUNCTION replay.runs(desk bigint, no csflow.ticket_no, wanted text, concerning bigint, horizon timestamptz) RETURNS SETOF replay.run LANGUAGE plpgsql STABLE AS $$
DECLARE
  ticket csflow.ticket;
  g record;
  p record;
  t replay.target; -- of the run at hand
  w replay.target; -- that wins now
  won bigint;
  won_before bigint;
  r replay.run;
  given text[];
  lasting text[];
  start timestamptz;
  by_signal boolean;
  restarts boolean;
  exists_run boolean := false;
BEGIN
  SELECT * INTO ticket FROM csflow.ticket WHERE desk_id = desk AND ticket_no = no;
  FOR g IN SELECT c.n, c.at, c.named, c.state, c.priority, c.kind, c.cancelled AND c.task = concerning AS cancelled,
      CASE WHEN concerning = 0 OR concerning IN (c.team, c.task) THEN c.signals ELSE ARRAY(SELECT x FROM unnest(c.signals) x WHERE replay.is_shared(x)) END AS signals
    FROM replay.change c WHERE c.ticket_no = no ORDER BY c.n LOOP
    won_before := won;
    won := NULL;
    IF g.state NOT IN ('duplicate', 'invalid') THEN
      SELECT x.target_id INTO won FROM replay.winner x WHERE x.clock = wanted AND x.priority = g.priority AND x.kind = g.kind AND x.channel = ticket.channel AND x.tier = ticket.customer_tier;
    END IF;
    SELECT * INTO w FROM replay.target x WHERE x.target_id = won;
    IF exists_run AND r.stopped_at IS NULL THEN
      SELECT * INTO t FROM replay.target x WHERE x.target_id = r.target_id;
      -- what ends by itself has done so, as often as it fell due, before it is moved or paused
      IF won IS NULL OR g.cancelled OR (g.state = 'closed' AND NOT w.outlives_closing) OR won <> r.target_id OR g.signals && (w.stops_on || w.rearms_on) OR g.state = ANY (w.pauses_in) OR replay.turn(g.state) <> r.turn THEN
        WHILE r.stopped_at IS NULL AND (t.is_window OR t.mode IN ('every', 'daily_at') AND r.missed + 1 < t.repeat_limit) AND r.run_since IS NOT NULL AND g.at > r.due_at LOOP
          IF t.is_window THEN
            r := replay.ended(r, r.due_at, 'lapsed');
          ELSE
            RETURN NEXT replay.ended(r, r.due_at, 'breached');
            r := replay.begun(t, r.run + 1, r.priority, r.due_at, NULL, r.due_at, concerning, r.missed + 1, r.turn);
          END IF;
        END LOOP;
      END IF;
      IF r.stopped_at IS NULL THEN
        IF won IS NULL THEN
          r := replay.ended(r, g.at, 'void');
        ELSE
          IF won <> r.target_id THEN
            r := replay.retargeted(r, w, g.priority, g.at, g.named);
          END IF;
          IF g.signals && w.stops_on THEN
            r := replay.ended(r, g.at, replay.verdict(r, g.at));
          ELSIF g.cancelled OR (g.state = 'closed' AND NOT w.outlives_closing) THEN
            r := replay.ended(r, g.at, CASE WHEN g.at > r.due_at THEN replay.verdict(r, g.at) ELSE 'void' END);
          ELSIF g.signals && w.rearms_on AND (w.mode <> 'daily_at' OR r.due_at IS NULL OR r.due_at <= replay.next_daily(w.daily_at, w.zone, '-infinity', g.at)) THEN
            -- another start puts another promise in its place; anything else keeps the promise
            RETURN NEXT replay.ended(r, g.at, CASE WHEN r.length IS NOT NULL AND NOT w.closes AND coalesce(g.at <= r.due_at, true)
              AND NOT EXISTS (SELECT FROM unnest(w.rearms_on) x WHERE x = ANY (g.signals) AND x <> ALL (w.starts_on)) THEN 'void' ELSE replay.verdict(r, g.at) END);
            r := replay.begun(w, r.run + 1, g.priority, g.at, g.named, r.due_at, concerning, 0, replay.turn(g.state));
          END IF;
        END IF;
      END IF;
    END IF;
    IF (NOT exists_run OR r.stopped_at IS NOT NULL) AND won IS NOT NULL AND NOT coalesce(g.cancelled, false) AND (g.state <> 'closed' OR w.outlives_closing) THEN
      IF 'reopened' = ANY (g.signals) AND exists_run AND r.outcome <> 'void' AND w.on_reopen = 'resume' THEN
        r.due_at := CASE WHEN r.outcome = 'breached' THEN r.due_at END;
        r.stopped_at := NULL;
        r.outcome := NULL;
        r.counted := g.at;
        r.turn := replay.turn(g.state);
        IF r.target_id <> won THEN
          r := replay.retargeted(r, w, g.priority, g.at, g.named);
        END IF;
        r := replay.resumed(r, w, g.at);
      ELSE
        given := array_remove(g.signals, 'opened');
        IF 'accepted' = ANY (given) THEN
          given := array_remove(given, 'assigned');
        END IF;
        restarts := exists_run AND w.on_reopen = 'restart' AND 'reopened' = ANY (g.signals);
        by_signal := restarts OR (given && w.starts_on AND (w.mode <> 'once' OR NOT exists_run OR r.outcome = 'void'));
        start := CASE WHEN by_signal THEN g.at
          WHEN NOT w.starts_on && '{opened,condition_met}' OR g.state IN ('answered', 'closed') OR (concerning <> 0) THEN NULL
          WHEN NOT exists_run AND 'reopened' = ANY (g.signals) THEN g.at
          WHEN won_before IS NOT NULL OR (exists_run AND r.outcome <> 'void') THEN NULL
          WHEN 'condition_met' = ANY (w.starts_on) THEN g.at ELSE ticket.opened_at END;
        -- where it would wait for the ticket to come, the ticket is already
        IF NOT restarts AND (by_signal OR NOT g.signals && w.stops_on)
          AND ARRAY['enter_' || g.state, CASE WHEN g.state IN ('answered', 'closed') THEN g.state END, CASE WHEN g.state NOT IN ('new', 'assigned') THEN 'accepted' END]
            && w.stops_on THEN
          start := NULL;
        END IF;
        IF start IS NOT NULL THEN
          IF exists_run THEN
            RETURN NEXT r;
          END IF;
          r := replay.begun(w, CASE WHEN exists_run THEN r.run + 1 ELSE 1 END, g.priority, start, g.named, NULL, concerning, 0,
            CASE WHEN start = g.at THEN replay.turn(g.state) ELSE 'own' END);
          exists_run := true;
          -- what was said and done before: milestones stay reached, the rest counts from the start on
          IF concerning = 0 AND NOT restarts THEN
            lasting := CASE WHEN w.mode = 'once' AND w.goal_lasts THEN ARRAY(SELECT x FROM unnest(w.stops_on) x WHERE x NOT IN (SELECT signal FROM csflow.signals())) ELSE '{}' END;
            FOR p IN SELECT c.* FROM replay.change c WHERE c.ticket_no = no AND c.n < g.n ORDER BY c.n LOOP
              IF p.signals && (CASE WHEN p.at < start OR start = g.at THEN lasting ELSE ARRAY(SELECT x FROM unnest(w.stops_on) x WHERE x !~ '^(enter|leave)_'
                  AND x NOT IN ('opened', 'condition_met', 'answered', 'closed', 'reopened')) END) THEN
                r := replay.ended(r, greatest(p.at, start), replay.verdict(r, greatest(p.at, start)));
                EXIT;
              ELSIF start < g.at THEN
                r := replay.placed(r, w, p.state, greatest(p.at, start));
              END IF;
            END LOOP;
          END IF;
          IF r.stopped_at IS NULL AND NOT by_signal AND g.signals && w.stops_on THEN
            r := replay.ended(r, g.at, replay.verdict(r, g.at));
          END IF;
        END IF;
      END IF;
    END IF;
    IF exists_run AND r.stopped_at IS NULL AND won IS NOT NULL THEN
      r := replay.placed(r, w, g.state, g.at);
    END IF;
  END LOOP;
  IF exists_run THEN
    SELECT * INTO t FROM replay.target x WHERE x.target_id = r.target_id;
    WHILE r.stopped_at IS NULL AND (t.is_window OR t.mode IN ('every', 'daily_at') AND r.missed + 1 < t.repeat_limit) AND r.run_since IS NOT NULL AND r.due_at < horizon LOOP
      IF t.is_window THEN
        r := replay.ended(r, r.due_at, 'lapsed');
      ELSE
        RETURN NEXT replay.ended(r, r.due_at, 'breached');
        r := replay.begun(t, r.run + 1, r.priority, r.due_at, NULL, r.due_at, concerning, r.missed + 1, r.turn);
      END IF;
    END LOOP;
    RETURN NEXT r;
  END IF;
END
$$;

-- All runs of all clocks of a ticket: each clock for the ticket, or for every department or task that anything was about; numbered
-- for each subject.
CREATE FUNCTION replay.all_runs(desk bigint, no csflow.ticket_no, horizon timestamptz) RETURNS SETOF replay.run LANGUAGE sql STABLE AS $$
  SELECT r.*
  FROM (SELECT DISTINCT t.clock, t.subject FROM csflow.target t WHERE t.desk_id = desk) c,
    LATERAL (SELECT 0::bigint AS id WHERE c.subject = 'ticket' UNION SELECT x.team FROM replay.change x WHERE x.ticket_no = no AND c.subject = 'team' AND x.team IS NOT NULL
      UNION SELECT x.task FROM replay.change x WHERE x.ticket_no = no AND c.subject = 'task' AND x.task IS NOT NULL) s,
    replay.runs(desk, no, c.clock, s.id, horizon) r
$$;
