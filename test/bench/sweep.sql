-- What test/bench/44_sweep.sh calls: sweeps of the clocks due next, ours and by hand.

-- The instant at which the next so many steps are due.
CREATE FUNCTION bench.due_instant(steps integer) RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
  SELECT max(next_at) FROM (SELECT next_at FROM csflow.clock WHERE desk_id = 1 AND next_at IS NOT NULL AND NOT next_closes ORDER BY next_at LIMIT steps) AS s
$$;
CREATE FUNCTION bench.sweep(at timestamptz) RETURNS integer LANGUAGE sql AS 'SELECT csflow.escalate_batch(at, 1000)';

-- Brings into memory what a sweep of so many due at that instant is about: the rows of its tickets, and the part of the index
-- into which the clocks' next steps go.
CREATE FUNCTION bench.warm(at timestamptz, steps integer) RETURNS bigint LANGUAGE sql VOLATILE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_sort = off
AS $$
  WITH due AS MATERIALIZED (SELECT ticket_no FROM csflow.clock WHERE desk_id = 1 AND next_at <= at AND NOT next_closes ORDER BY next_at LIMIT steps)
  SELECT sum(length(t.body) + octet_length(h.head) + c.clocks + e.events) + (SELECT count(n.next_at) FROM csflow.clock AS n
    WHERE n.desk_id = 1 AND n.next_at > at AND n.next_at < at + interval '12 hours' AND NOT n.next_closes)
  FROM due AS d
  JOIN csflow.ticket AS t ON t.desk_id = 1 AND t.ticket_no = d.ticket_no
  JOIN csflow.ticket_chain AS h ON h.desk_id = 1 AND h.ticket_no = d.ticket_no
  CROSS JOIN LATERAL (SELECT count(k.calendar) AS clocks FROM csflow.clock AS k WHERE k.desk_id = 1 AND k.ticket_no = d.ticket_no) AS c
  CROSS JOIN LATERAL (SELECT count(v.hash) AS events FROM csflow.event AS v WHERE v.desk_id = 1 AND v.ticket_no = d.ticket_no) AS e
$$;

-- As one would write it: the next step from the target, one event a step; no lock order, no chain, no notice, no failing ticket.
CREATE FUNCTION bench.by_hand(at timestamptz) RETURNS integer LANGUAGE sql AS $$
  WITH due AS MATERIALIZED (
    SELECT c.desk_id, c.ticket_no, c.clock, c.run, c.next_at, c.next_position, c.run_since, c.length_microseconds, c.target_id
    FROM csflow.clock AS c JOIN csflow.ticket AS t ON t.desk_id = c.desk_id AND t.ticket_no = c.ticket_no
    WHERE c.desk_id = 1 AND c.next_at <= at AND NOT c.next_closes ORDER BY c.next_at LIMIT 1000 FOR NO KEY UPDATE OF t SKIP LOCKED),
  moved AS (
    UPDATE csflow.clock AS c SET next_position = d.next_position + 1,
      next_at = csflow.business_add(w.calendar, d.run_since, s.at_share_pct / 100 * d.length_microseconds * interval '1 microsecond')
    FROM due AS d JOIN csflow.target AS g ON g.desk_id = d.desk_id AND g.target_id = d.target_id
      JOIN csflow.working_calendar AS w ON w.desk_id = g.desk_id AND w.code = g.calendar
      LEFT JOIN csflow.step AS s ON s.desk_id = d.desk_id AND s.target_id = d.target_id AND s.position = d.next_position + 1
    WHERE c.desk_id = d.desk_id AND c.ticket_no = d.ticket_no AND c.clock = d.clock AND c.run = d.run
    RETURNING c.desk_id, c.ticket_no, c.clock, c.run, d.next_at, d.next_position),
  told AS (
    INSERT INTO csflow.event (desk_id, ticket_no, seq, at, recorded_at, kind, actor_kind, clock, run, step_position, due_at, hash)
    SELECT m.desk_id, m.ticket_no, (SELECT max(e.seq) FROM csflow.event AS e WHERE e.desk_id = m.desk_id AND e.ticket_no = m.ticket_no)
        + row_number() OVER (PARTITION BY m.ticket_no ORDER BY m.clock),
      by_hand.at, now(), 'step_fired', 'system', m.clock, m.run, m.next_position, m.next_at, '\x00' FROM moved AS m RETURNING 1)
  SELECT count(*)::integer FROM told
$$;

-- Fires so many steps, as days of sweeps would have: a transaction for each thousand.
CREATE PROCEDURE bench.fire(steps integer) LANGUAGE plpgsql AS $$
DECLARE
  fired integer := 0;
BEGIN
  WHILE fired < steps LOOP
    fired := fired + csflow.escalate_batch(bench.due_instant(1000), 1000);
    COMMIT;
  END LOOP;
END
$$;

-- More desks, each with ten running clocks.
CREATE PROCEDURE bench.add_desks(desks integer) LANGUAGE sql AS $$
  INSERT INTO csflow.desk (name) SELECT 'desk_' || n FROM generate_series(1, desks) AS n;
  INSERT INTO csflow.clock (desk_id, ticket_no, clock, run, target_id, calendar, started_at, run_since, next_position, next_at)
  SELECT d.desk_id, bench.number(n), 'resolve', 1, 4, 'office', '2025-01-06 01:00+08', '2025-01-06 01:00+08', 1, '2025-02-06 01:00+08'
  FROM csflow.desk AS d, generate_series(1, 10) AS n WHERE d.name LIKE 'desk_%';
$$;
