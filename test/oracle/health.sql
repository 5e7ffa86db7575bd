-- The health figures once more, event by event in PL/pgSQL, straight from csflow.event by the definitions of kpi.md. Nothing is
-- taken from the tables and functions of the health figures; from the extension only business_between.
CREATE SCHEMA oracle;

-- Business time of a desk: the calendar "work", or what report_calendar says from some instant on.
CREATE FUNCTION oracle.business(desk bigint, since timestamptz, until timestamptz) RETURNS interval LANGUAGE plpgsql STABLE AS $$
DECLARE
  r record;
  total interval := '0';
BEGIN
  FOR r IN SELECT a.valid_from, coalesce((SELECT min(b.valid_from) FROM csflow.report_calendar b WHERE b.desk_id = desk AND b.valid_from > a.valid_from), 'infinity') AS valid_until,
      coalesce((SELECT w.calendar FROM csflow.working_calendar w WHERE w.desk_id = desk AND w.code = a.calendar), 'Asia/Shanghai; daily 00:00-24:00') AS calendar
    FROM (SELECT valid_from, calendar FROM csflow.report_calendar WHERE desk_id = desk UNION ALL SELECT '-infinity', 'work') a
  LOOP
    IF greatest(since, r.valid_from) < least(until, r.valid_until) THEN
      total := total + csflow.business_between(r.calendar, greatest(since, r.valid_from), least(until, r.valid_until));
    END IF;
  END LOOP;
  RETURN total;
END
$$;

-- One row for everything that is counted or measured.
CREATE TABLE oracle.moment (ticket_no csflow.ticket_no, measure text, at timestamptz, cal interval, bus interval, n integer NOT NULL DEFAULT 1);

CREATE PROCEDURE oracle.tell(desk bigint, no csflow.ticket_no) LANGUAGE plpgsql AS $$
DECLARE
  e record;
  category text;
  live text;
  since timestamptz;
  opened timestamptz; first_reply timestamptz; first_solved timestamptz; solved timestamptz; first_reopened timestamptz; customer_since timestamptz;
  replies integer := 0; reopens integer := 0; groups integer; people integer := 0; escalations integer := 0;
  spent interval[] := '{0,0,0,0}';
  spent_bus interval[] := '{0,0,0,0}';
  place integer;
BEGIN
  FOR e IN SELECT * FROM csflow.event x WHERE x.desk_id = desk AND x.ticket_no = no ORDER BY x.seq LOOP
    IF e.kind = 'opened' THEN opened := e.at; END IF;
    IF e.kind = 'reply' THEN
      replies := replies + 1;
      first_reply := coalesce(first_reply, e.at);
      IF customer_since IS NOT NULL AND replies > 1 THEN
        INSERT INTO oracle.moment VALUES (no, 'next_reply', e.at, e.at - customer_since, oracle.business(desk, customer_since, e.at));
      END IF;
      customer_since := NULL;
    ELSIF e.kind = 'customer_message' AND first_reply IS NOT NULL THEN
      customer_since := coalesce(customer_since, e.at);
    ELSIF e.kind IN ('routed', 'transferred') THEN
      groups := coalesce(groups, (e.old_value IS NOT NULL)::integer) + (e.new_value IS NOT NULL)::integer;
    ELSIF e.kind = 'assigned' THEN people := people + 1;
    ELSIF e.kind = 'step_fired' AND e.old_value <> 'warning' AND e.new_value <> 'close' THEN escalations := escalations + 1;
    END IF;
    CONTINUE WHEN e.new_state IS NULL;
    -- The time in the state that ends here.
    place := CASE category WHEN 'new' THEN 1 WHEN 'open' THEN 2 WHEN 'pending' THEN 3 WHEN 'hold' THEN 4 END;
    IF place IS NOT NULL THEN
      spent[place] := spent[place] + (e.at - since);
      spent_bus[place] := spent_bus[place] + oracle.business(desk, since, e.at);
    END IF;
    since := e.at;
    category := (SELECT s.category FROM (VALUES ('new', 'new'), ('assigned', 'open'), ('in_progress', 'open'), ('waiting_approval', 'open'), ('under_review', 'open'),
      ('waiting_customer', 'pending'), ('waiting_partner', 'hold'), ('answered', 'done'), ('closed', 'done')) s (state, category) WHERE s.state = e.new_state);
    IF category = 'done' AND live IS DISTINCT FROM 'done' THEN
      first_solved := coalesce(first_solved, e.at);
      solved := e.at;
      IF reopens > 0 THEN
        INSERT INTO oracle.moment VALUES (no, 'solved_again', e.at);
      END IF;
    ELSIF category <> 'done' AND live = 'done' THEN
      reopens := reopens + 1;
      first_reopened := coalesce(first_reopened, e.at);
      INSERT INTO oracle.moment VALUES (no, 'reopening', e.at);
      solved := NULL;
    END IF;
    live := coalesce(category, live);
  END LOOP;
  groups := coalesce(groups, (SELECT (t.team_id IS NOT NULL)::integer FROM csflow.ticket t WHERE t.desk_id = desk AND t.ticket_no = no));
  INSERT INTO oracle.moment VALUES (no, 'opened', opened, NULL, NULL, 1), (no, 'transferred', opened, NULL, NULL, (groups > 1)::integer), (no, 'transfers', opened, NULL, NULL, greatest(groups - 1, 0)),
    (no, 'reassigned', opened, NULL, NULL, (people > 1)::integer), (no, 'reassignments', opened, NULL, NULL, greatest(people - 1, 0)),
    (no, 'escalated', opened, NULL, NULL, (escalations > 0)::integer), (no, 'escalations', opened, NULL, NULL, escalations);
  IF first_reply IS NOT NULL THEN
    INSERT INTO oracle.moment VALUES (no, 'first_reply', first_reply, first_reply - opened, oracle.business(desk, opened, first_reply));
  END IF;
  IF first_solved IS NOT NULL THEN
    INSERT INTO oracle.moment VALUES (no, 'first_resolution', first_solved, first_solved - opened, oracle.business(desk, opened, first_solved), 1),
      (no, 'one_touch', first_solved, NULL, NULL, (replies = 1)::integer), (no, 'zero_touch', first_solved, NULL, NULL, (replies = 0)::integer),
      (no, 'quick_close', first_solved, NULL, NULL, (first_solved <= opened + interval '15 minutes')::integer),
      (no, 'first_contact', first_solved, NULL, NULL, (replies = 1 AND (first_reopened IS NULL OR first_reopened > first_solved + interval '7 days'))::integer),
      (no, 'reopened', first_solved, NULL, NULL, (reopens > 0)::integer);
  END IF;
  IF solved IS NOT NULL THEN
    INSERT INTO oracle.moment VALUES (no, 'full_resolution', solved, solved - opened, oracle.business(desk, opened, solved)),
      (no, 'requester_wait', solved, spent[1] + spent[2] + spent[4], spent_bus[1] + spent_bus[2] + spent_bus[4]),
      (no, 'agent_work', solved, spent[1] + spent[2], spent_bus[1] + spent_bus[2]), (no, 'agent_wait', solved, spent[3], spent_bus[3]),
      (no, 'on_hold', solved, spent[4], spent_bus[4]),
      (no, 'solve_time', solved, spent[1] + spent[2] + spent[3] + spent[4], spent_bus[1] + spent_bus[2] + spent_bus[3] + spent_bus[4]);
  END IF;
END
$$;

CREATE PROCEDURE oracle.tell_all(desk bigint) LANGUAGE plpgsql AS $$
DECLARE
  no csflow.ticket_no;
BEGIN
  TRUNCATE oracle.moment;
  FOR no IN SELECT t.ticket_no FROM csflow.ticket t WHERE t.desk_id = desk AND t.state NOT IN ('duplicate', 'invalid') LOOP
    CALL oracle.tell(desk, no);
  END LOOP;
END
$$;

-- Every cut of every moment.
CREATE VIEW oracle.cut AS
SELECT m.*, c.cut, c.value, t.desk_id
FROM oracle.moment m JOIN csflow.ticket t USING (ticket_no),
  LATERAL (VALUES ('total', ''), ('kind', coalesce(t.kind, '')), ('category', coalesce(t.category_id::text, '')), ('team', coalesce(t.team_id::text, '')),
    ('channel', t.channel), ('customer_tier', coalesce(t.customer_tier, ''))) c (cut, value)
WHERE m.n <> 0;

-- Exact figures of the moments in [since, until) by cut, value and measure.
CREATE FUNCTION oracle.figures(since timestamptz, until timestamptz)
RETURNS TABLE (cut text, value text, measure text, event_count bigint, cal_sum interval, bus_sum interval, cal_p50 interval, cal_p90 interval, bus_p95 interval)
LANGUAGE sql STABLE AS $$
  SELECT o.cut, o.value, o.measure, sum(o.n), sum(o.cal), sum(o.bus), percentile_disc(0.5) WITHIN GROUP (ORDER BY o.cal), percentile_disc(0.9) WITHIN GROUP (ORDER BY o.cal),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY o.bus)
  FROM oracle.cut o WHERE o.at >= since AND o.at < until GROUP BY 1, 2, 3
$$;

-- Within 1 % and a millisecond.
CREATE FUNCTION oracle.near(approximate interval, exact interval) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN
  CASE WHEN exact IS NULL THEN approximate IS NULL
    ELSE coalesce(abs(extract(epoch FROM approximate - exact)) <= 0.0101 * extract(epoch FROM exact) + 0.0011, false) END;

-- Hours, days and months against the moments one by one; of days before hours_from no hour is kept.
CREATE FUNCTION oracle.bucket_differences(desk bigint) RETURNS TABLE (grain text, n bigint, first text) LANGUAGE plpgsql AS $$
BEGIN
  CALL oracle.tell_all(desk);
  FOR grain IN SELECT unnest('{hour,day,month}'::text[]) LOOP
    EXECUTE format($q$
      SELECT count(*), min(concat_ws(' ', h.cut, h.value, h.measure, h.bucket, h.event_count, o.cut, o.value, o.measure, o.bucket, o.event_count)) FROM (
        SELECT x.cut, x.value, x.measure, %2$s AS bucket, x.event_count, x.cal, x.bus FROM csflow.health_%1$s x WHERE x.desk_id = $1 AND (x.event_count <> 0 OR x.cal IS NOT NULL)) h
      FULL JOIN (
        SELECT c.cut, c.value, c.measure, date_trunc('%1$s', c.at, 'America/New_York') AS bucket, sum(c.n) AS event_count, sum(c.cal) AS cal, sum(c.bus) AS bus,
          count(c.cal) AS n, percentile_disc(0.5) WITHIN GROUP (ORDER BY c.cal) AS cal50, percentile_disc(0.9) WITHIN GROUP (ORDER BY c.bus) AS bus90
        FROM oracle.cut c WHERE '%1$s' <> 'hour' OR c.at >= (SELECT p.hours_from::timestamp AT TIME ZONE 'America/New_York' FROM csflow.health_progress p WHERE p.desk_id = $1) GROUP BY 1, 2, 3, 4) o USING (cut, value, measure, bucket)
      WHERE h.event_count IS DISTINCT FROM o.event_count OR coalesce(csflow.sketch_count(h.cal), 0) <> o.n OR coalesce(csflow.sketch_count(h.bus), 0) <> o.n
        OR extract(epoch FROM csflow.sketch_sum(h.cal)) IS DISTINCT FROM extract(epoch FROM o.cal)
        OR extract(epoch FROM csflow.sketch_sum(h.bus)) IS DISTINCT FROM extract(epoch FROM o.bus)
        OR NOT oracle.near(csflow.approx_percentile(0.5, h.cal), o.cal50) OR NOT oracle.near(csflow.approx_percentile(0.9, h.bus), o.bus90)$q$,
      grain, CASE grain WHEN 'hour' THEN 'x.bucket_start' ELSE 'x.bucket_date::timestamp AT TIME ZONE ''America/New_York''' END)
    INTO n, first USING desk;
    RETURN NEXT;
  END LOOP;
END
$$;
